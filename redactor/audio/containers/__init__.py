"""Container headers, parsed in plain Python before a decoder runs.

stream (what a header declares) · sniff (content → reader) · riff iff flac ogg mpeg amr isobmff ebml asf (one family
each) · tags.
"""
