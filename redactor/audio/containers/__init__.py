"""Container headers, read by plain Python: what is promised, before a decoder runs.

stream (the promise) · sniff (content → reader) · riff iff flac ogg mpeg amr isobmff ebml asf (one family each) · tags.
"""
