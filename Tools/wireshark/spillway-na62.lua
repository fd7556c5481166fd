-- Wireshark dissectors of NA62's trigger packets: primitives (MTP), L0 data (MEP) with the payloads of TEL62, STRAW's
-- SRB and the L0 trigger processor, its end of burst, and L1 data with the payload of CREAMs.
--
-- Fields, their names and what counts as malformed are those of `spillway inspect` (Sources/NA62Formats), packet by
-- packet; Tools/check-wireshark compares the two. Docs/Wireshark.md says how to install it.
-- Runs under Lua 5.2 (Wireshark to 4.2) and 5.4 (from 4.4): arithmetic in place of bit operators.

local floor = math.floor
local format = string.format

-- Protocols and fields ------------------------------------------------------------------------------------------

-- A protocol with its fields by key, their names, and one expert info for whatever is malformed.
local function protocol(abbreviation, description)
  local malformed = ProtoExpert.new(
    abbreviation .. ".malformed", description .. ", malformed", expert.group.MALFORMED, expert.severity.ERROR)
  local proto = Proto(abbreviation, description)
  proto.experts = { malformed }
  return { proto = proto, abbreviation = abbreviation, malformed = malformed, fields = {}, names = {} }
end

-- Defines a field: `kind` is a constructor of ProtoField, the rest goes to it.
local function define(p, kind, key, name, ...)
  p.fields[key] = ProtoField[kind](p.abbreviation .. "." .. key, name, ...)
  p.names[key] = name
end

local sources = {
  [0x04] = "KTAG", [0x08] = "GTK", [0x0C] = "CHANTI", [0x10] = "LAV", [0x14] = "STRAW", [0x18] = "CHOD",
  [0x1C] = "RICH", [0x20] = "IRC/SAC/NewCHOD", [0x24] = "LKr", [0x28] = "MUV1", [0x2C] = "MUV2", [0x30] = "MUV3",
  [0x34] = "SAC", [0x3C] = "HASC", [0x40] = "L0TP", [0x44] = "L1", [0x48] = "L2", [0x4C] = "NSTD",
}
local tel62_sources = {
  [0x04] = true, [0x0C] = true, [0x10] = true, [0x18] = true, [0x1C] = true, [0x20] = true, [0x30] = true,
  [0x34] = true, [0x3C] = true,
}
local cream_sources = { [0x24] = true, [0x28] = true, [0x2C] = true }

-- Names of the bits of primitives in runs since 7962, by source: the table of `Sources/L0Trigger/PrimitiveBits.swift`.
local newchod_bits = {
  detector = "NewCHOD", [0] = "QE1", "QE2", "QE3", "QE4", "HO1", "HTO1", "H1", "HT1", "H2", "HT2", "Q2", "QX", "UTMC",
  "UTMCO", "NewCHOD",
}
local primitive_bits = {
  [0x18] = { detector = "CHOD", [14] = "CHOD" },
  [0x1C] = { detector = "RICH", [14] = "RICH" },
  [0x10] = { detector = "LAV12", [14] = "LAV" },
  [0x30] = {
    detector = "MUV3", [0] = "MQE1", "MQE2", "MQE3", "MQE4", "MTO1", "MT1", "MTO2", "MT2", "MOQ2", "MOQX", "MO1", "M1",
    "MO2", "M2", "MUV3",
  },
  [0x20] = newchod_bits,
  [0x38] = newchod_bits,
  [0x60] = { detector = "TALK" },
  [0x24] = {
    detector = "LKr", [8] = "C2E10", [9] = "C1E10", [11] = "LKr40", [12] = "LKr20", [13] = "LKr10", [14] = "LKr",
  },
}
local letters = { "A", "B", "C", "D", "E", "F", "G" }

local MTP = protocol("na62mtp", "NA62 primitives (MTP)")
define(MTP, "uint24", "timestamp", "timestamp")
define(MTP, "uint8", "source", "source ID", base.HEX, sources)
define(MTP, "uint16", "length", "total length")
define(MTP, "uint8", "count", "number of primitives")
define(MTP, "uint8", "sub_id", "source sub-ID")
define(MTP, "none", "timestamp_word", "timestamp word")
define(MTP, "none", "primitive", "primitive")
define(MTP, "uint8", "fine_time", "fine time")
define(MTP, "uint8", "timestamp_low", "timestamp, low byte")
define(MTP, "uint32", "timestamp_wide", "timestamp", base.DEC, nil, 0x7FFFFFFF)
define(MTP, "uint16", "id", "primitive ID", base.HEX)
define(MTP, "uint16", "calibration", "calibration", base.DEC, nil, 0x8000)
define(MTP, "string", "bits", "bits")
define(MTP, "none", "left_over", "left over")

local MEP = protocol("na62mep", "NA62 L0 data (MEP)")
define(MEP, "uint24", "event", "event number")
define(MEP, "uint8", "source", "source ID", base.HEX, sources)
define(MEP, "uint16", "length", "total length")
define(MEP, "uint8", "count", "number of events")
define(MEP, "uint8", "sub_id", "source sub-ID")
define(MEP, "none", "fragment", "fragment")
define(MEP, "uint16", "fragment_length", "length")
define(MEP, "uint8", "event_lsb", "event number LSB")
define(MEP, "uint8", "last_of_burst", "last event of burst", base.DEC, nil, 0x80)
define(MEP, "uint32", "timestamp", "timestamp")
define(MEP, "none", "payload", "payload")

local TEL62 = protocol("na62tel62", "TEL62")
define(TEL62, "uint8", "fpga_flags", "FPGA flags", base.HEX)
define(TEL62, "uint8", "trigger_type", "trigger type", base.HEX)
define(TEL62, "uint8", "sub_id", "source sub-ID")
define(TEL62, "uint8", "format", "format")
define(TEL62, "none", "fpga", "FPGA")
define(TEL62, "uint8", "frames", "number of frames")
define(TEL62, "uint8", "reserved", "reserved", base.HEX)
define(TEL62, "uint8", "fpga_id", "FPGA ID")
define(TEL62, "uint8", "error_flags", "error flags", base.HEX)
define(TEL62, "none", "frame", "frame")
define(TEL62, "uint16", "frame_timestamp", "frame timestamp")
define(TEL62, "uint16", "frame_words", "number of words")
define(TEL62, "none", "tdc_word", "TDC word")
define(TEL62, "string", "edge", "edge")
define(TEL62, "uint32", "channel", "channel")
define(TEL62, "uint32", "time", "time")
define(TEL62, "none", "error_block", "error block")
define(TEL62, "uint16", "error_frame", "error words per frame", base.HEX)
define(TEL62, "uint16", "error_words", "number of error words")
define(TEL62, "none", "left_over", "left over")

local SRB = protocol("na62srb", "SRB")
define(SRB, "uint8", "id", "SRB ID", base.DEC, nil, 0x1F)
define(SRB, "uint8", "flags", "flags", base.HEX, nil, 0xE0)
define(SRB, "uint8", "trigger_type", "trigger type", base.HEX)
define(SRB, "uint16", "length", "packet length")
define(SRB, "uint32", "time", "time of the first slot")
define(SRB, "none", "edge_word", "edge")
define(SRB, "string", "edge", "edge")
define(SRB, "uint16", "straw", "straw")
define(SRB, "uint16", "fine_time", "fine time")
for slot = 0, 15 do define(SRB, "uint8", "slot" .. slot, "edges in slot " .. slot) end
define(SRB, "none", "left_over", "left over")

local L0TP = protocol("na62l0tp", "L0TP")
define(L0TP, "uint8", "fine_time", "reference fine time")
define(L0TP, "uint8", "data_type", "data type", base.HEX)
define(L0TP, "uint8", "word", "L0 trigger word", base.HEX)
define(L0TP, "uint16", "flags", "trigger flags", base.HEX)
define(L0TP, "uint32", "previous_timestamp", "timestamp of the event before")
define(L0TP, "uint8", "previous_word", "trigger word of the event before", base.HEX)
local counted_detectors = { "CHOD", "RICH", "MUV3", "NewCHOD" }
for _, name in ipairs(counted_detectors) do
  define(L0TP, "uint8", "since_" .. name:lower(), name .. " primitives since the event before")
end
define(L0TP, "uint32", "internal_timestamp", "internal timestamp")
define(L0TP, "none", "slot", "slot")
local slots = {
  { name = "N", key = "n", ids = 2, times = 32 }, { name = "N-1", key = "nm1", ids = 42, times = 56 },
  { name = "N+1", key = "np1", ids = 66, times = 80 },
}
for _, slot in ipairs(slots) do
  for _, letter in ipairs(letters) do
    define(L0TP, "uint16", "id_" .. slot.key .. "_" .. letter:lower(), "primitive ID " .. letter, base.HEX)
    define(L0TP, "uint8", "ft_" .. slot.key .. "_" .. letter:lower(), "fine time " .. letter)
  end
end
define(L0TP, "none", "left_over", "left over")
-- The end of a burst: key, name, offset, length, base.
local end_of_burst = {
  { "eob.data_type", "data type", 1, 1, base.HEX },
  { "eob.fixed_latency", "fixed latency", 2, 2 }, { "eob.fine_time_bits", "fine-time bits", 4, 1 },
  { "eob.reference", "reference detector", 5, 1 }, { "eob.control", "control detector", 6, 1 },
  { "eob.control_downscaling", "control downscaling", 10, 2 },
  { "eob.control_before", "control triggers before downscaling", 12, 4 },
  { "eob.last_timestamp", "timestamp of the last event", 16, 4 },
  { "eob.last_word", "trigger word of the last event", 21, 1, base.HEX },
}
for i, letter in ipairs(letters) do
  end_of_burst[#end_of_burst + 1] = { "eob.primitives_" .. letter:lower(), "primitives " .. letter, 20 + 4 * i, 4 }
end
local end_counts = {
  { "chokes", "chokes" }, { "errors", "errors" }, { "periodics", "periodic triggers" },
  { "calibrations", "calibration triggers" }, { "control_after", "control triggers after downscaling" },
}
for i, count in ipairs(end_counts) do
  end_of_burst[#end_of_burst + 1] = { "eob." .. count[1], count[2], 48 + 4 * i, 4 }
end
local end_of_burst_mask = {
  { "eob.mask.number", "mask number", 0, 4 }, { "eob.mask.downscaling", "downscaling", 4, 4 },
  { "eob.mask.after", "triggers after downscaling", 8, 4 }, { "eob.mask.before", "triggers before downscaling", 12, 4 },
}
for i, letter in ipairs(letters) do
  end_of_burst_mask[#end_of_burst_mask + 1] =
    { "eob.mask.mask_" .. letter:lower(), "mask " .. letter, 12 + 4 * i, 2, base.HEX }
  end_of_burst_mask[#end_of_burst_mask + 1] =
    { "eob.mask.dontcare_" .. letter:lower(), "dontcare " .. letter, 14 + 4 * i, 2, base.HEX }
end
define(L0TP, "none", "eob.mask", "mask")
for _, list in ipairs({ end_of_burst, end_of_burst_mask }) do
  for _, f in ipairs(list) do define(L0TP, "uint" .. 8 * f[4], f[1], f[2], f[5] or base.DEC) end
end

local L1 = protocol("na62l1", "NA62 L1 data")
define(L1, "none", "fragment", "fragment")
define(L1, "uint24", "event", "event number")
define(L1, "uint8", "source", "source ID", base.HEX, sources)
define(L1, "uint16", "words", "length in words")
define(L1, "uint16", "reserved", "reserved")
define(L1, "uint32", "timestamp", "timestamp")
define(L1, "uint16", "crate", "crate", base.DEC, nil, 0x07E0)
define(L1, "uint16", "slot", "slot", base.DEC, nil, 0x001F)
define(L1, "uint8", "word", "L0 trigger word", base.HEX)
define(L1, "uint8", "reserved2", "reserved")
define(L1, "none", "payload", "payload")

local CREAM = protocol("na62cream", "CREAM")
define(CREAM, "uint16", "words", "payload length in words")
define(CREAM, "uint16", "samples", "samples of a channel", base.DEC, nil, 0x01FF)
define(CREAM, "uint8", "zero_suppressed", "zero suppressed", base.DEC, nil, 0x40)
define(CREAM, "uint8", "request", "request", base.DEC, nil, 0x80)
define(CREAM, "uint32", "mask", "channel mask", base.HEX)
define(CREAM, "none", "channel", "channel")
define(CREAM, "uint8", "number", "number")
define(CREAM, "uint16", "sample", "sample")
define(CREAM, "uint32", "checksum", "checksum", base.HEX)
define(CREAM, "none", "left_over", "left over")

for _, p in ipairs({ MTP, MEP, TEL62, SRB, L0TP, L1, CREAM }) do p.proto.fields = p.fields end

-- Reading -------------------------------------------------------------------------------------------------------
-- Whatever is read lies in [start, stop), where stop is at most the length of the buffer: nothing here raises an error.

local function little(tvb, offset, length) return tvb(offset, length):le_uint() end

-- A part of the buffer, cut to it.
local function range(tvb, offset, length)
  local first = math.max(0, math.min(offset, tvb:len()))
  return tvb(first, math.max(0, math.min(length, tvb:len() - first)))
end

local function malformed(p, tree, tvb, offset, length, text)
  tree:add_tvb_expert_info(p.malformed, range(tvb, offset, length), text)
end

-- Adds a little-endian number of up to 4 bytes; says so where it has no room.
local function number(p, tree, tvb, key, offset, length, stop)
  if offset + length > stop then
    malformed(p, tree, tvb, offset, 0, "no room for " .. p.names[key])
  else
    tree:add_le(p.fields[key], tvb(offset, length))
  end
end

-- Adds a node with fields inside it; `value` stands behind its name.
local function node(p, tree, tvb, key, offset, length, value)
  local item = tree:add(p.fields[key], range(tvb, offset, length))
  item:set_text(value and p.names[key] .. ": " .. value or p.names[key])
  return item
end

local function bytes_node(p, tree, tvb, key, offset, stop)
  node(p, tree, tvb, key, offset, stop - offset, format("%d bytes", stop - offset))
end

-- Payloads of L0 data -------------------------------------------------------------------------------------------

-- One FPGA of a TEL62. Returns the next word, and what went wrong.
local function fpga(tvb, start, w, n, following, block)
  local function place(word) return start + 4 * word end
  local stop = place(n)
  if w >= n then return w, "FPGA header outside the payload" end
  local frames = little(tvb, place(w), 1)
  local id = little(tvb, place(w) + 2, 1)
  local flags = little(tvb, place(w) + 3, 1)
  for i, key in ipairs({ "frames", "reserved", "fpga_id", "error_flags" }) do
    number(TEL62, block, tvb, key, place(w) + i - 1, 1, stop)
  end
  w = w + 1
  for _ = 1, frames do
    if w >= n then return w, "frame header outside the payload" end
    local length = little(tvb, place(w) + 2, 2)
    if length == 0 then return w, "frame of no words" end
    local last = math.min(w + length, n)
    local frame = node(TEL62, block, tvb, "frame", place(w), 4 * (last - w))
    number(TEL62, frame, tvb, "frame_timestamp", place(w), 2, stop)
    number(TEL62, frame, tvb, "frame_words", place(w) + 2, 2, stop)
    for index = w + 1, last - 1 do
      local word = little(tvb, place(index), 4)
      local tdc = floor(word / 2 ^ 24) % 4 + 4 * id
      local channel = 32 * tdc + floor(word / 2 ^ 19) % 32
      local edge = floor(word / 2 ^ 28) == 4 and "leading" or "trailing"
      local time = word % 2 ^ 19
      local part = tvb(place(index), 4)
      local item = node(TEL62, frame, tvb, "tdc_word", place(index), 4,
        format("%s, channel %d, time %d", edge, channel, time))
      item:add(TEL62.fields.edge, part, edge)
      item:add(TEL62.fields.channel, part, channel)
      item:add(TEL62.fields.time, part, time)
    end
    if w + length > n then return w, "frame reaches behind the payload" end
    w = w + length
  end
  if flags % 2 == 0 or w >= n then return w end
  -- NA62 does not look for a block of errors where the words so far make up the payload.
  if floor(little(tvb, place(w), 4) / 256) % 256 == 0xFF or w + following == n then return w end
  local length = little(tvb, place(w) + 2, 2)
  if length == 0 then return w, "error block of no words" end
  local item = node(TEL62, block, tvb, "error_block", place(w), 4 * (math.min(w + length, n) - w))
  number(TEL62, item, tvb, "error_frame", place(w), 2, stop)
  number(TEL62, item, tvb, "error_words", place(w) + 2, 2, stop)
  return w + length
end

local function tel62(tvb, start, stop, tree)
  local item = tree:add(TEL62.proto, tvb(start, stop - start))
  local n = floor((stop - start) / 4)
  if n == 0 then return malformed(TEL62, item, tvb, start, stop - start, "no board header") end
  for i, key in ipairs({ "fpga_flags", "trigger_type", "sub_id", "format" }) do
    number(TEL62, item, tvb, key, start + i - 1, 1, stop)
  end
  if little(tvb, start + 1, 1) >= 0x80 then return item:append_text(": special trigger") end
  local flags, count = little(tvb, start, 1), 0
  while flags > 0 do
    count = count + flags % 2
    flags = floor(flags / 2)
  end
  if count < 1 or count > 4 then
    return malformed(TEL62, item, tvb, start, stop - start, format("%d FPGAs", count))
  end
  local w = 1
  for index = 1, count do
    local first = w
    local block = node(TEL62, item, tvb, "fpga", start + 4 * w, 4)
    local fault
    w, fault = fpga(tvb, start, w, n, count - index, block)
    block:set_len(math.max(0, 4 * (math.min(w, n) - first)))
    if fault then
      return malformed(TEL62, block, tvb, start + 4 * math.max(0, math.min(w, n - 1)), 4, fault)
    end
  end
  if w < n then bytes_node(TEL62, item, tvb, "left_over", start + 4 * w, stop) end
end

local function srb(tvb, start, stop, tree)
  local item = tree:add(SRB.proto, tvb(start, stop - start))
  if stop - start < 8 then return malformed(SRB, item, tvb, start, stop - start, "shorter than the header") end
  number(SRB, item, tvb, "id", start, 1, stop)
  number(SRB, item, tvb, "flags", start, 1, stop)
  number(SRB, item, tvb, "trigger_type", start + 1, 1, stop)
  number(SRB, item, tvb, "length", start + 2, 2, stop)
  number(SRB, item, tvb, "time", start + 4, 4, stop)
  -- As in NA62's code the number of words has 16 bits.
  local words = (floor(little(tvb, start + 2, 2) / 4) - 6) % 65536
  local counts = start + 8 + 4 * words
  if counts + 16 > stop then
    return malformed(SRB, item, tvb, start, stop - start, "slot counts outside the payload")
  end
  for index = 0, 2 * words - 1 do
    local offset = start + 8 + 2 * index
    local word = little(tvb, offset, 2)
    local edge = floor(word / 32) % 2 == 0 and "leading" or "trailing"
    local straw, time = floor(word / 64) % 256, word % 32
    local part = tvb(offset, 2)
    local one = node(SRB, item, tvb, "edge_word", offset, 2,
      format("%s, straw %d, fine time %d", edge, straw, time))
    one:add(SRB.fields.edge, part, edge)
    one:add(SRB.fields.straw, part, straw)
    one:add(SRB.fields.fine_time, part, time)
  end
  local delivered = 0
  for slot = 0, 15 do
    delivered = delivered + little(tvb, counts + slot, 1)
    number(SRB, item, tvb, "slot" .. slot, counts + slot, 1, stop)
  end
  if delivered > 2 * floor((stop - start) / 4) then
    malformed(SRB, item, tvb, counts, 16, "slots ask for more edges than fit")
  end
  if counts + 16 < stop then bytes_node(SRB, item, tvb, "left_over", counts + 16, stop) end
end

local function l0tp(tvb, start, stop, tree)
  local item = tree:add(L0TP.proto, tvb(start, stop - start))
  local size = stop - start
  if size >= 840 and little(tvb, start + 1, 1) == 0x23 then
    item:set_text("L0TP end of burst")
    for _, f in ipairs(end_of_burst) do number(L0TP, item, tvb, f[1], start + f[3], f[4], stop) end
    for m = 0, 15 do
      local offset = start + 72 + 48 * m
      local off = little(tvb, offset + 4, 4) == 0
      local mask = node(L0TP, item, tvb, "eob.mask", offset, 48, format(off and "%d, off" or "%d", m))
      for _, f in ipairs(end_of_burst_mask) do number(L0TP, mask, tvb, f[1], offset + f[3], f[4], stop) end
    end
    if size > 840 then bytes_node(L0TP, item, tvb, "left_over", start + 840, stop) end
    return
  end
  number(L0TP, item, tvb, "fine_time", start, 1, stop)
  number(L0TP, item, tvb, "data_type", start + 1, 1, stop)
  number(L0TP, item, tvb, "word", start + 20, 1, stop)
  number(L0TP, item, tvb, "flags", start + 22, 2, stop)
  if size < 88 then return end
  number(L0TP, item, tvb, "previous_timestamp", start + 16, 4, stop)
  number(L0TP, item, tvb, "previous_word", start + 21, 1, stop)
  for i, name in ipairs(counted_detectors) do
    number(L0TP, item, tvb, "since_" .. name:lower(), start + 23 + i, 1, stop)
  end
  number(L0TP, item, tvb, "internal_timestamp", start + 28, 4, stop)
  for _, slot in ipairs(slots) do
    -- Identifiers and fine times lie apart, so the slot has no bytes of its own.
    local one = node(L0TP, item, tvb, "slot", start + slot.ids, 0, slot.name)
    for i, letter in ipairs(letters) do
      local key = slot.key .. "_" .. letter:lower()
      number(L0TP, one, tvb, "id_" .. key, start + slot.ids + 2 * (i - 1), 2, stop)
      number(L0TP, one, tvb, "ft_" .. key, start + slot.times + i - 1, 1, stop)
    end
  end
  if size > 88 then bytes_node(L0TP, item, tvb, "left_over", start + 88, stop) end
end

-- L0 data -------------------------------------------------------------------------------------------------------

-- Why the farm rejects the whole packet, in NA62's order; nil where it is sound.
local function mep_rejection(tvb, stop, source)
  if little(tvb, 4, 2) ~= stop then return "length-mismatch" end
  local first, count = little(tvb, 0, 3), little(tvb, 6, 1)
  local least = source == 0x40 and 32 or 8
  local offset = 8
  for i = 0, count - 1 do
    if offset + 8 > stop then return "fragment-beyond-end" end
    local length = little(tvb, offset, 2)
    if little(tvb, offset + 2, 1) ~= (first + i) % 256 then return "event-number" end
    if offset + length > stop then return "fragment-beyond-end" end
    if length < least then return length < 8 and "fragment-too-short" or "l0tp-too-short" end
    offset = offset + length
  end
  if offset < stop then return "trailing-bytes" end
end

local function mep(tvb, pinfo, tree)
  pinfo.cols.protocol = "NA62 L0"
  local stop = tvb:len()
  local item = tree:add(MEP.proto, tvb())
  if stop < 8 then return malformed(MEP, item, tvb, 0, stop, "shorter than the header") end
  number(MEP, item, tvb, "event", 0, 3, stop)
  number(MEP, item, tvb, "source", 3, 1, stop)
  number(MEP, item, tvb, "length", 4, 2, stop)
  number(MEP, item, tvb, "count", 6, 1, stop)
  number(MEP, item, tvb, "sub_id", 7, 1, stop)
  local source, first, count = little(tvb, 3, 1), little(tvb, 0, 3), little(tvb, 6, 1)
  pinfo.cols.info = format("%s board %d, %d events from %d", sources[source] or format("0x%02x", source),
    little(tvb, 7, 1), count, first)
  local rejection = mep_rejection(tvb, stop, source)
  if rejection then
    malformed(MEP, item, tvb, 0, stop, rejection)
    pinfo.cols.info:append(", " .. rejection)
  end
  local offset = 8
  for index = 0, count - 1 do
    if offset + 8 > stop then return end
    local length = little(tvb, offset, 2)
    if length < 8 or offset + length > stop then return end
    local fragment = node(MEP, item, tvb, "fragment", offset, length, format("event %d", first + index))
    number(MEP, fragment, tvb, "fragment_length", offset, 2, stop)
    number(MEP, fragment, tvb, "event_lsb", offset + 2, 1, stop)
    number(MEP, fragment, tvb, "last_of_burst", offset + 3, 1, stop)
    number(MEP, fragment, tvb, "timestamp", offset + 4, 4, stop)
    local from, to = offset + 8, offset + length
    if source == 0x40 then
      l0tp(tvb, from, to, fragment)
    elseif source == 0x14 then
      srb(tvb, from, to, fragment)
    elseif tel62_sources[source] then
      tel62(tvb, from, to, fragment)
    else
      bytes_node(MEP, fragment, tvb, "payload", from, to)
    end
    offset = to
  end
end

-- Primitives ----------------------------------------------------------------------------------------------------

-- The names of the bits of an identifier; bit 15 marks a calibration.
local function bit_names(source, identifier)
  local known = primitive_bits[source]
  local list = {}
  for bit = 0, 14 do
    if floor(identifier / 2 ^ bit) % 2 == 1 then
      list[#list + 1] = not known and format("bit %d", bit) or known[bit] or format("%s[%d]", known.detector, bit)
    end
  end
  return table.concat(list, ", ")
end

local function mtp(tvb, pinfo, tree)
  pinfo.cols.protocol = "NA62 MTP"
  local stop = tvb:len()
  local item = tree:add(MTP.proto, tvb())
  if stop < 8 then return malformed(MTP, item, tvb, 0, stop, "shorter than the header") end
  number(MTP, item, tvb, "timestamp", 0, 3, stop)
  number(MTP, item, tvb, "source", 3, 1, stop)
  number(MTP, item, tvb, "length", 4, 2, stop)
  number(MTP, item, tvb, "count", 6, 1, stop)
  number(MTP, item, tvb, "sub_id", 7, 1, stop)
  local source, announced = little(tvb, 3, 1), little(tvb, 6, 1)
  pinfo.cols.info = format("%s, %d primitives, frame %d",
    primitive_bits[source] and primitive_bits[source].detector or format("0x%02x", source), announced,
    little(tvb, 0, 3))
  if stop > 1472 then malformed(MTP, item, tvb, 0, stop, "longer than 1472 bytes") end
  if little(tvb, 4, 2) ~= stop then malformed(MTP, item, tvb, 4, 2, format("the packet has %d bytes", stop)) end
  local wide = MTP.proto.prefs.wide
  local width = wide and 8 or 4
  local high = little(tvb, 0, 3) % 2 ^ 23
  local offset, count = 8, 0
  while offset + width <= stop do
    local low = little(tvb, offset, 4)
    if not wide and low < 2 ^ 24 then
      high = low % 2 ^ 23
      node(MTP, item, tvb, "timestamp_word", offset, 4, format("%d", high))
    else
      local identifier = little(tvb, offset + 2, 2)
      local primitive = node(MTP, item, tvb, "primitive", offset, width)
      local timestamp
      number(MTP, primitive, tvb, "fine_time", offset, 1, stop)
      if wide then
        timestamp = little(tvb, offset + 4, 4) % 2 ^ 31
        number(MTP, primitive, tvb, "timestamp_wide", offset + 4, 4, stop)
      else
        timestamp = high * 256 + little(tvb, offset + 1, 1)
        number(MTP, primitive, tvb, "timestamp_low", offset + 1, 1, stop)
      end
      number(MTP, primitive, tvb, "id", offset + 2, 2, stop)
      number(MTP, primitive, tvb, "calibration", offset + 2, 2, stop)
      if wide and identifier == 0 then
        -- A null primitive: the processor does not store it.
        primitive:set_text("primitive: null")
      else
        count = count + 1
        local names = bit_names(source, identifier)
        primitive:add(MTP.fields.bits, tvb(offset + 2, 2), names)
        primitive:set_text(format("primitive: t %d + %d/256, %s", timestamp, low % 256,
          identifier >= 0x8000 and "calibration" or names))
      end
    end
    offset = offset + width
  end
  if offset < stop then bytes_node(MTP, item, tvb, "left_over", offset, stop) end
  if count % 256 ~= announced then
    malformed(MTP, item, tvb, 6, 1, format("the packet has %d primitives", count))
  end
end

-- L1 data -------------------------------------------------------------------------------------------------------

local function cream(tvb, start, stop, tree)
  local item = tree:add(CREAM.proto, tvb(start, stop - start))
  if stop - start < 12 then return malformed(CREAM, item, tvb, start, stop - start, "shorter than its header") end
  number(CREAM, item, tvb, "words", start, 2, stop)
  number(CREAM, item, tvb, "samples", start + 2, 2, stop)
  number(CREAM, item, tvb, "zero_suppressed", start + 3, 1, stop)
  number(CREAM, item, tvb, "request", start + 3, 1, stop)
  number(CREAM, item, tvb, "mask", start + 4, 4, stop)
  local mask, channels = little(tvb, start + 4, 4), {}
  for channel = 0, 31 do
    if floor(mask / 2 ^ channel) % 2 == 1 then channels[#channels + 1] = channel end
  end
  local count = little(tvb, start + 2, 2) % 512
  local words = #channels * count / 2 + 3
  if count % 2 == 1 or little(tvb, start, 2) ~= words or stop - start < 4 * words then
    return malformed(CREAM, item, tvb, start, 0, "length does not match channels and samples")
  end
  if little(tvb, start + 3, 1) >= 0x80 then
    return malformed(CREAM, item, tvb, start + 3, 0, "request bit is set")
  end
  local offset = start + 8
  for _, channel in ipairs(channels) do
    local one = node(CREAM, item, tvb, "channel", offset, 2 * count)
    one:add(CREAM.fields.number, tvb(start + 4, 4), channel)
    local samples = {}
    for i = 1, count do
      samples[i] = format("%d", little(tvb, offset, 2))
      one:add_le(CREAM.fields.sample, tvb(offset, 2))
      offset = offset + 2
    end
    one:set_text(format("channel: %d, samples %s", channel, table.concat(samples, " ")))
  end
  number(CREAM, item, tvb, "checksum", offset, 4, stop)
  if offset + 4 < stop then bytes_node(CREAM, item, tvb, "left_over", offset + 4, stop) end
end

-- The length of the fragment at an offset in bytes, or nil where there is no room for its header.
local function l1_length(tvb, offset, stop)
  if offset + 16 > stop then return nil end
  return little(tvb, offset + 4, 2) * 4 % 65536
end

local function l1_rejection(tvb, stop)
  if stop < 16 then return "too-short" end
  local offset = 0
  while offset < stop do
    local length = l1_length(tvb, offset, stop)
    if not length then return "fragment-beyond-end" end
    if length < 16 then return "fragment-too-short" end
    if length > 9500 then return "fragment-too-long" end
    if offset + length > stop then return "fragment-beyond-end" end
    offset = offset + length
  end
end

local function l1(tvb, pinfo, tree)
  pinfo.cols.protocol = "NA62 L1"
  local stop = tvb:len()
  local item = tree:add(L1.proto, tvb())
  local rejection = l1_rejection(tvb, stop)
  if rejection then malformed(L1, item, tvb, 0, stop, rejection) end
  local offset, count = 0, 0
  while true do
    local length = l1_length(tvb, offset, stop)
    if not length or length < 16 or offset + length > stop then break end
    count = count + 1
    local source = little(tvb, offset + 3, 1)
    local fragment = node(L1, item, tvb, "fragment", offset, length)
    number(L1, fragment, tvb, "event", offset, 3, stop)
    number(L1, fragment, tvb, "source", offset + 3, 1, stop)
    number(L1, fragment, tvb, "words", offset + 4, 2, stop)
    number(L1, fragment, tvb, "reserved", offset + 6, 2, stop)
    number(L1, fragment, tvb, "timestamp", offset + 8, 4, stop)
    number(L1, fragment, tvb, "crate", offset + 12, 2, stop)
    number(L1, fragment, tvb, "slot", offset + 12, 2, stop)
    number(L1, fragment, tvb, "word", offset + 14, 1, stop)
    number(L1, fragment, tvb, "reserved2", offset + 15, 1, stop)
    if cream_sources[source] and length > 16 then
      cream(tvb, offset + 16, offset + length, fragment)
    else
      bytes_node(L1, fragment, tvb, "payload", offset + 16, offset + length)
    end
    offset = offset + length
  end
  pinfo.cols.info = format("%d fragments%s", count, rejection and ", " .. rejection or "")
end

-- Ports ---------------------------------------------------------------------------------------------------------

local ports_help = "Destination ports, for example 58913 or 58913,58920-58922; empty for none"
MEP.proto.prefs.ports = Pref.range("UDP ports of L0 data", "58913", ports_help, 65535)
MTP.proto.prefs.ports = Pref.range("UDP ports of primitives", "58914", ports_help, 65535)
MTP.proto.prefs.wide = Pref.bool("64-bit primitives", false, "Primitives are in the older format of 64-bit words")
L1.proto.prefs.ports = Pref.range("UDP ports of L1 data", "58915", ports_help, 65535)

local entries = {
  { protocol = MEP, dissect = mep }, { protocol = MTP, dissect = mtp }, { protocol = L1, dissect = l1 },
}

local function has_port(list, port)
  for first, last in list:gmatch("(%d+)%-?(%d*)") do
    if port >= tonumber(first) and port <= (tonumber(last) or tonumber(first)) then return true end
  end
  return false
end

-- The entry whose ports hold one.
local function entry_of(port)
  for _, entry in ipairs(entries) do
    if has_port(entry.protocol.proto.prefs.ports, port) then return entry end
  end
end

-- Boards send from the port of L0 data to that of primitives, and Wireshark looks at the lower port first; what a
-- packet is follows from its destination alone. Under "Decode As" neither port is ours, and the user's choice counts.
local function dissect(own, tvb, pinfo, tree)
  local entry = entry_of(pinfo.dst_port)
  if not entry then
    if entry_of(pinfo.src_port) then return 0 end
    entry = own
  end
  if tvb:len() < tvb:reported_len() then
    tree:add_proto_expert_info(entry.protocol.malformed,
      format("the capture holds %d of %d bytes: what follows may be the capture's fault", tvb:len(), tvb:reported_len()))
  end
  entry.dissect(tvb, pinfo, tree)
  return tvb:len()
end

local udp = DissectorTable.get("udp.port")

for _, entry in ipairs(entries) do
  local proto = entry.protocol.proto
  proto.dissector = function(tvb, pinfo, tree) return dissect(entry, tvb, pinfo, tree) end
  entry.registered = proto.prefs.ports
  if entry.registered ~= "" then udp:add(entry.registered, proto) end
  proto.prefs_changed = function()
    if entry.registered == proto.prefs.ports then return end
    if entry.registered ~= "" then udp:remove(entry.registered, proto) end
    entry.registered = proto.prefs.ports
    if entry.registered ~= "" then udp:add(entry.registered, proto) end
  end
  udp:add_for_decode_as(proto)
end
