// The message page: audio, words and waveform in sync; edits are collected and saved together. The modules:
//   page      shared state, messages between modules        player    playing, doubtful stretches
//   timeline  waveform, zoom, pointer; wave draws it        words     the words
//   mark      marking by ear                                edits     edits that are not saved, saving
//   findings  findings and the review                       keys      the keyboard
//   claim     who works on the message
import { say } from "./page.js";
import "./words.js";
import "./timeline.js";
import "./keys.js";
import "./claim.js";
import { load } from "./edits.js";

load(null).catch((error) => say(error.message, true));
