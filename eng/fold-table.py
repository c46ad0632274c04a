#!/usr/bin/env python3
# Writes src/Machine.Tool/Workspaces/Paths/fold.txt: every character that a file system may take for others, and those others
# (NFKD, case folded, NFKD again; Hangul is computed). The tool runs without ICU and has no normalization of its own.
import unicodedata

with open('src/Machine.Tool/Workspaces/Paths/fold.txt', 'w', encoding='utf-8', newline='\n') as table:
    for code in range(0x80, 0x110000):
        if 0xAC00 <= code <= 0xD7A3 or 0xD800 <= code <= 0xDFFF:
            continue
        text = chr(code)
        folded = unicodedata.normalize('NFKD', unicodedata.normalize('NFKD', text).casefold())
        if folded != text:
            table.write(f'{text}{folded}\n')
