file_put_contents(getenv("WM_EVIDENCE"), getenv("WM_MARK") . " " . getmypid() . " " . posix_getppid() . "\n", FILE_APPEND);
