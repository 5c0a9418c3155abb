"""Device identifiers and serial numbers (45 CFR 164.514(b)(2)(i)(M)): pumps, pacemakers, CPAPs, by cue."""

from __future__ import annotations

from redactor.phi.recognizers.cued import CuedValue


class DeviceRecognizer(CuedValue):
    """As in "serial number", "device id", "lot", "IMEI"."""

    label = "DEVICE_ID"
    cue = (
        r"serial(?: (?:number|no|#|code))?|s n(?= is| number|\s+\d)|device (?:id|i d|number|identifier)|(?:lot|model|"
        r"imei|udi|implant|pacemaker|pump) (?:number|no|id|serial)|imei"
    )
    cue_words = frozenset("serial s sn n device lot model imei udi implant pacemaker pump".split())
    fewest = 3
