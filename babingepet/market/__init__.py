"""Market frames: columns, schemas, intervals, anchors, gaps and the reduction of the tape."""
