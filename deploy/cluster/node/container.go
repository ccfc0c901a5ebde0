package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// enter makes the container of a file around this process, in namespaces of its own, and becomes what runs in it: the files of the image, read only, volumes, /proc, some devices, and nothing else; a user without rights.
func enter(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var b box
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mounts of its own: %w", err)
	}
	root := filepath.Join(filepath.Dir(file), "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", root, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("root: %w", err)
	}
	entries, err := os.ReadDir(b.Root)
	if err != nil {
		return err
	}
	var all []mount
	for _, e := range entries {
		all = append(all, mount{From: filepath.Join(b.Root, e.Name()), At: "/" + e.Name(), ReadOnly: true})
	}
	for _, d := range []string{"null", "zero", "random", "urandom"} {
		all = append(all, mount{From: "/dev/" + d, At: "/dev/" + d})
	}
	for _, m := range append(all, b.Mounts...) {
		if err := bind(m, root); err != nil {
			return fmt.Errorf("%s: %w", m.At, err)
		}
	}
	proc := filepath.Join(root, "proc")
	if err := os.MkdirAll(proc, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("proc", proc, "proc", 0, ""); err != nil {
		return fmt.Errorf("/proc: %w", err)
	}
	if err := unix.Mount("", root, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("root, read only: %w", err)
	}
	if err := unix.Chroot(root); err != nil {
		return err
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := syscall.Setgroups([]int{b.GID}); err != nil {
		return err
	}
	if err := syscall.Setgid(b.GID); err != nil {
		return err
	}
	if err := syscall.Setuid(b.UID); err != nil {
		return err
	}
	program := b.Args[0]
	if !strings.Contains(program, "/") {
		return fmt.Errorf("%s is no path", program)
	}
	return fmt.Errorf("%s: %w", program, syscall.Exec(program, b.Args, b.Env))
}

// bind mounts a file or folder where the container has it.
func bind(m mount, root string) error {
	at := filepath.Join(root, m.At)
	info, err := os.Stat(m.From)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(at, 0o755)
	} else if err = os.MkdirAll(filepath.Dir(at), 0o755); err == nil {
		err = os.WriteFile(at, nil, 0o644)
	}
	if err != nil {
		return err
	}
	if err := unix.Mount(m.From, at, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	if m.ReadOnly {
		return unix.Mount("", at, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
	}
	return nil
}
