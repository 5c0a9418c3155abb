"""What is read and written on disk: `listing` finds the inputs and names the outputs, `save` writes all or nothing."""

from redactor.keep.listing import Item, Listing, list_inputs
from redactor.keep.save import Partial, remove_leftovers, save_set

__all__ = ["Item", "Listing", "Partial", "list_inputs", "remove_leftovers", "save_set"]
