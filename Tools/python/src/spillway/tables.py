"""The columns of the tables of a run, with their types."""

from __future__ import annotations

from .files import HEX8, HEX16, TEXT

RATES = {
    "mask": "int64", "name": TEXT, "l0_input": "int64", "l1_input": "int64", "l1_accepted": "int64",
    "live_time_s": "float64", "rate_hz": "float64", "rate_low_hz": "float64", "rate_high_hz": "float64",
}

L0_RATES = {
    "mask": TEXT, "name": TEXT, "condition": TEXT, "downscaling": "float64", "matched": "int64", "fired": "int64",
    "sent": "int64", "live_time_s": "float64", "rate_hz": "float64", "rate_low_hz": "float64",
    "rate_high_hz": "float64",
}

BURSTS = {"run": "uint32", "burst": "uint32", "start_of_burst": "int64", "end_of_burst": "int64", "words": TEXT}

RATES_BY_BURST = {
    "run": "uint32", "burst": "uint32", "begin_ns": "int64", "seconds": "float64", "level": TEXT, "line": TEXT,
    "count": "int64", "rate_hz": "float64",
}

UNFINISHED = {"run": "uint32", "burst": "uint32", "event": "uint32", "reason": TEXT, "received": TEXT}

_ALGORITHMS = ["chod", "ktag", "lav", "ircsac", "straw", "newchod"]

#: The table of 'replay --decisions'; times in clock periods, lengths in mm, momenta in MeV/c, chod_tavg in ns.
DECISIONS = {
    "event": "uint32", "timestamp": "uint32", "finetime": "uint8", "datatype": "uint8", "l0type": "uint8",
    "l0flags": HEX16, "l1word": HEX8, "l1masks": HEX16,
    **{f"{name}_{part}": "int32" for name in _ALGORITHMS for part in ("ret", "st")},
    "chod_nhits": "int32", "chod_tavg": "float64", "ktag_nsec": "int32", "lav_nhits": "int32", "ircsac_nhits": "int32",
    "newchod_nhits": "int32", "straw_ntrk": "int32",
    **{f"straw_{name}{k}": "float64" for name in ("p", "vz") for k in range(4)},
    "straw_cda": "float64", "straw_dist": "float64",
    **{f"muv{variant}_{part}": "int32" for variant in (0, 1, 3) for part in ("ret", "st")},
    "muv0_ntiles": "int32", "l1block_sha256": TEXT, "burst": "uint32",
}

_SLOTS = [f"{slot}_{letter}" for slot in ("N", "Nm1", "Np1") for letter in "ABCDEFG"]

#: The table of 'replay --l0-decisions'; letters A to G are CHOD, RICH, LAV12, MUV3, NewCHOD, TALK, LKr.
L0_DECISIONS = {
    "timestamp": "uint32", "ref_ft": "uint8", "data_type": HEX8, "trigger_word": HEX8, "flags": HEX16,
    **{f"id_{slot}": HEX16 for slot in _SLOTS}, **{f"ft_{slot}": "uint8" for slot in _SLOTS}, "burst": "uint32",
}
