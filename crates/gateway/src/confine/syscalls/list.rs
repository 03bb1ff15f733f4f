//! The system calls by name. Facts only; what they are allowed with stands one file up.

use nix::libc::*;

/// What a single-threaded event loop, its capture threads and its files need.
#[rustfmt::skip]
pub(super) const ALLOWED: &[i64] = &[
    // files that are open, and the paths that Landlock leaves
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_lseek, SYS_close,
    SYS_openat, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_faccessat, SYS_faccessat2, SYS_readlinkat,
    SYS_getdents64, SYS_getcwd, SYS_fsync, SYS_fdatasync, SYS_ftruncate, SYS_fallocate, SYS_flock,
    SYS_fcntl, SYS_fchmod, SYS_fchmodat, SYS_umask, SYS_mkdirat, SYS_unlinkat, SYS_renameat,
    SYS_renameat2, SYS_dup, SYS_dup3, SYS_pipe2,
    // memory
    SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_membarrier,
    // sockets, once there
    SYS_bind, SYS_listen, SYS_accept4, SYS_connect, SYS_getsockname, SYS_getpeername,
    SYS_setsockopt, SYS_getsockopt, SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg,
    SYS_sendmmsg, SYS_recvmmsg, SYS_shutdown,
    // waiting and time
    SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_eventfd2, SYS_ppoll,
    SYS_timerfd_create, SYS_timerfd_settime, SYS_clock_gettime, SYS_clock_getres,
    SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday, SYS_restart_syscall,
    // threads, signals, the end
    SYS_futex, SYS_sched_yield, SYS_sched_getaffinity, SYS_set_robust_list, SYS_rseq, SYS_gettid,
    SYS_getpid, SYS_getppid, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
    SYS_sigaltstack, SYS_exit, SYS_exit_group,
    // what we are
    SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_capget, SYS_prlimit64, SYS_getrusage,
    SYS_uname, SYS_sysinfo, SYS_getrandom,
    // what 64-bit ARM never had
    #[cfg(target_arch = "x86_64")] SYS_poll,
    #[cfg(target_arch = "x86_64")] SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")] SYS_access,
    #[cfg(target_arch = "x86_64")] SYS_readlink,
    #[cfg(target_arch = "x86_64")] SYS_stat,
    #[cfg(target_arch = "x86_64")] SYS_lstat,
    #[cfg(target_arch = "x86_64")] SYS_chmod,
    #[cfg(target_arch = "x86_64")] SYS_mkdir,
    #[cfg(target_arch = "x86_64")] SYS_rmdir,
    #[cfg(target_arch = "x86_64")] SYS_unlink,
    #[cfg(target_arch = "x86_64")] SYS_rename,
];

/// Other programs, other processes' memory, other roots and namespaces, the kernel's code and clock: nothing of the
/// gateway asks for these.
#[rustfmt::skip]
pub(super) const FATAL: &[i64] = &[
    SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev,
    SYS_pidfd_getfd, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_move_mount,
    SYS_open_tree, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr,
    SYS_unshare, SYS_setns, SYS_open_by_handle_at, SYS_init_module, SYS_finit_module,
    SYS_delete_module, SYS_kexec_load, SYS_kexec_file_load, SYS_reboot, SYS_bpf,
    SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter,
    SYS_io_uring_register, SYS_add_key, SYS_request_key, SYS_keyctl, SYS_personality, SYS_swapon,
    SYS_swapoff, SYS_acct, SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime, SYS_adjtimex,
    SYS_sethostname, SYS_setdomainname, SYS_quotactl,
];

/// A descriptor that does not block or is not inherited, whether output is a terminal, and what a link is.
#[rustfmt::skip]
pub(super) const IOCTLS: &[i64] = &[
    FIONBIO.cast_signed(), FIOCLEX.cast_signed(), FIONREAD.cast_signed(), TCGETS.cast_signed(),
    SIOCGIFINDEX.cast_signed(), SIOCGIFFLAGS.cast_signed(), SIOCGIFHWADDR.cast_signed(),
    SIOCGIFMTU.cast_signed(),
];
