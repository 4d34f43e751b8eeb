"""Lists of words by which headlines are read for their tone, and what reads the lists.

english.txt     words of English headlines
indonesian.txt  words of Indonesian headlines
subjects.txt    words that tell whom a headline concerns, by market
loading         from the files to the engine's value

Anybody may edit the text files: one line for words of one weight, ``surge / surges / surged, 3``.
"""
