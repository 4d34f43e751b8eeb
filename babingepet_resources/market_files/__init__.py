"""Files of market facts as vendors publish them: read, checked row by row, told what was refused.

rows           what reading a file comes to: a frame, and rejects by row
content        from a path, bytes or a stream to the text or Parquet inside; limits for hostile files
cells          from text or typed columns to numbers, whole numbers, times and flags
refusals       which rows are refused, and the first reason of each
pieces         CSV and Parquet as forms, some rows at a time
json_rows      JSON as a form: a list, one under data, an object a line
table          rows as numpy columns: refused ones, and their order
reading        which column is which, and every cell converted
candles        klines of any interval
trades         aggregate or single trades
funding        settled funding rates
open_interest  open contracts
etf_flows      flows of the exchange-traded funds
fear_greed     the index of fear and greed
headlines      headlines, read for their tone or not
titles         headlines as plain text
"""
