File.open(ENV["WM_EVIDENCE"], "a") { |f| f.puts [ENV["WM_MARK"], Process.pid, Process.ppid].join(" ") }
