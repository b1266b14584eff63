"""Documents that anybody may have written, read within limits: a neutral room that every other adapter may use."""
