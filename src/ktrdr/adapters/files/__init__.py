"""The one room through which files are written: each whole or not at all, on disk, and nothing left lying beside."""
