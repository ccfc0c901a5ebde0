package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	authv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/kubernetes/pkg/fieldpath"

	"pmdcheck/deploy/cluster/access"
)

// machine is a node. In its folder are images/NAME/root, the files of an image, with images/NAME/entrypoint.json; volumes/CLAIM; log/POD, what containers said.
type machine struct {
	dir, name string
	k         kubernetes.Interface
	config    *rest.Config
	mu        sync.Mutex
	pods      map[types.UID]*running
}

type running struct{ stop func(time.Duration) } // the pod has this long to end

// node runs pods until it is killed. What it runs has to die with it: it is begun as the first process of a namespace (unshare --pid --fork --kill-child --mount).
func node(dir, name string) error {
	k, config, err := access.Client(dir)
	if err != nil {
		return err
	}
	ctx := context.Background()
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if n, err = k.CoreV1().Nodes().Create(ctx, n, metav1.CreateOptions{}); err != nil {
		return err
	}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now(), Reason: "Test"}}
	if _, err := k.CoreV1().Nodes().UpdateStatus(ctx, n, metav1.UpdateOptions{}); err != nil {
		return err
	}
	m := &machine{dir: dir, name: name, k: k, config: config, pods: map[types.UID]*running{}}
	for every := time.Tick(50 * time.Millisecond); ; <-every {
		pods, err := k.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + name, ResourceVersion: "0"})
		if err != nil {
			log.Print(err)
			continue
		}
		for i := range pods.Items {
			m.sync(ctx, &pods.Items[i])
		}
	}
}

// sync begins a pod, or ends it.
func (m *machine) sync(ctx context.Context, p *corev1.Pod) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, known := m.pods[p.UID]
	switch {
	case p.DeletionTimestamp != nil && known && r.stop != nil:
		grace := time.Duration(0)
		if s := p.DeletionGracePeriodSeconds; s != nil {
			grace = time.Duration(*s) * time.Second
		}
		go r.stop(grace)
		r.stop = nil
	case !known && p.DeletionTimestamp == nil && p.Status.Phase == corev1.PodPending:
		ctx, cancel := context.WithCancelCause(ctx)
		quit := make(chan time.Duration, 1)
		m.pods[p.UID] = &running{stop: func(grace time.Duration) { quit <- grace; cancel(errors.New("the pod is deleted")) }}
		go m.run(ctx, p, quit)
	}
}

// run is the life of a pod.
func (m *machine) run(ctx context.Context, p *corev1.Pod, quit <-chan time.Duration) {
	code, why, err := m.container(ctx, p, quit)
	if err != nil {
		log.Printf("%s: %v", p.Name, err)
		code, why = 128, err.Error()
	}
	log.Printf("%s ends with %d", p.Name, code)
	phase := corev1.PodSucceeded
	if code != 0 {
		phase = corev1.PodFailed
	}
	now := metav1.Now()
	m.status(p, phase, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: int32(code), Reason: why, FinishedAt: now}})
	if ctx.Err() != nil {
		zero := int64(0)
		if err := m.k.CoreV1().Pods(p.Namespace).Delete(context.Background(), p.Name, metav1.DeleteOptions{GracePeriodSeconds: &zero, Preconditions: &metav1.Preconditions{UID: &p.UID}}); err != nil {
			log.Print(err)
		}
	}
}

// status tells the API server what became of the container; conditions that others have set stay.
func (m *machine) status(p *corev1.Pod, phase corev1.PodPhase, state corev1.ContainerState) {
	ready := corev1.ConditionFalse
	if phase == corev1.PodRunning {
		ready = corev1.ConditionTrue
	}
	c := p.Spec.Containers[0]
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": p.UID}, "status": corev1.PodStatus{
		Phase:             phase,
		Conditions:        []corev1.PodCondition{{Type: corev1.PodReady, Status: ready, LastTransitionTime: metav1.Now()}},
		ContainerStatuses: []corev1.ContainerStatus{{Name: c.Name, Image: c.Image, Ready: phase == corev1.PodRunning, State: state}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	for range 50 {
		if _, err = m.k.CoreV1().Pods(p.Namespace).Patch(context.Background(), p.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status"); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	log.Printf("%s: %v", p.Name, err)
}

// box is a container as the process in it makes it; see enter.
type box struct {
	Root     string // of the image
	Mounts   []mount
	Args     []string
	Env      []string
	UID, GID int
}

type mount struct {
	From, At string
	ReadOnly bool
}

// container runs the container of a pod to its end.
func (m *machine) container(ctx context.Context, p *corev1.Pod, quit <-chan time.Duration) (code int, why string, err error) {
	if len(p.Spec.Containers) != 1 || len(p.Spec.InitContainers) != 0 {
		return 0, "", errors.New("this node runs pods of one container")
	}
	c := p.Spec.Containers[0]
	scratch, err := os.MkdirTemp(filepath.Join(m.dir, "pods"), p.Name+"-")
	if err != nil {
		return 0, "", err
	}
	defer os.RemoveAll(scratch)
	b, err := m.box(ctx, p, c, scratch)
	if err != nil {
		return 0, "", err
	}
	text, err := json.Marshal(b)
	if err != nil {
		return 0, "", err
	}
	file := filepath.Join(scratch, "container.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return 0, "", err
	}
	out, err := os.Create(filepath.Join(m.dir, "log", p.Name))
	if err != nil {
		return 0, "", err
	}
	defer out.Close()
	cmd := exec.Command("/proc/self/exe", "--container", file)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID}
	if err := cmd.Start(); err != nil {
		return 0, "", err
	}
	log.Printf("%s begins: index %q, %q", p.Name, p.Annotations["batch.kubernetes.io/job-completion-index"], b.Args)
	m.status(p, corev1.PodRunning, corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}})
	ended := make(chan struct{})
	go func() {
		select {
		case <-ended:
		case grace := <-quit:
			_ = cmd.Process.Signal(syscall.SIGTERM)
			select {
			case <-ended:
			case <-time.After(grace):
				_ = cmd.Process.Kill()
			}
		}
	}()
	err = cmd.Wait()
	close(ended)
	if _, ok := err.(*exec.ExitError); err != nil && !ok {
		return 0, "", err
	}
	w := cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case w.Signaled():
		return 128 + int(w.Signal()), "Error", nil
	case w.ExitStatus() != 0:
		return w.ExitStatus(), "Error", nil
	}
	return 0, "Completed", nil
}

// image is the folder of an image: of registry/NAME:TAG it is images/NAME.
func (m *machine) image(name string) string {
	name, _, _ = strings.Cut(path.Base(name), ":")
	return filepath.Join(m.dir, "images", name)
}

// box is what the container of a pod has and does.
func (m *machine) box(ctx context.Context, p *corev1.Pod, c corev1.Container, scratch string) (*box, error) {
	s := p.Spec.SecurityContext
	if s == nil || s.RunAsUser == nil || s.RunAsGroup == nil || s.FSGroup == nil {
		return nil, errors.New("this node runs pods that say as whom")
	}
	image := m.image(c.Image)
	b := &box{Root: filepath.Join(image, "root"), UID: int(*s.RunAsUser), GID: int(*s.RunAsGroup)}
	if b.Args = c.Command; b.Args == nil {
		text, err := os.ReadFile(filepath.Join(image, "entrypoint.json"))
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &b.Args); err != nil {
			return nil, err
		}
	}
	b.Args = append(b.Args, c.Args...)
	host := strings.Split(strings.TrimPrefix(m.config.Host, "https://"), ":")
	b.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=" + p.Name, "KUBERNETES_SERVICE_HOST=" + host[0], "KUBERNETES_SERVICE_PORT=" + host[1]}
	for _, e := range c.Env {
		v := e.Value
		if f := e.ValueFrom; f != nil {
			if f.FieldRef == nil {
				return nil, fmt.Errorf("where %s comes from is unknown here", e.Name)
			}
			var err error
			if v, err = fieldpath.ExtractFieldPathAsString(p, f.FieldRef.FieldPath); err != nil {
				return nil, err
			}
		}
		b.Env = append(b.Env, e.Name+"="+v)
	}
	for _, mo := range c.VolumeMounts {
		for _, v := range p.Spec.Volumes {
			if v.Name != mo.Name {
				continue
			}
			from, err := m.volume(ctx, p, v, filepath.Join(scratch, v.Name), int(*s.FSGroup))
			if err != nil {
				return nil, fmt.Errorf("volume %s: %w", v.Name, err)
			}
			b.Mounts = append(b.Mounts, mount{From: from, At: mo.MountPath, ReadOnly: mo.ReadOnly || v.Image != nil})
		}
	}
	return b, nil
}

// volume is the folder of a volume, filled.
func (m *machine) volume(ctx context.Context, p *corev1.Pod, v corev1.Volume, at string, group int) (string, error) {
	switch {
	case v.PersistentVolumeClaim != nil:
		// A claim that nobody made keeps a pod from running.
		name := v.PersistentVolumeClaim.ClaimName
		if _, err := m.k.CoreV1().PersistentVolumeClaims(p.Namespace).Get(ctx, name, metav1.GetOptions{}); err != nil {
			return "", err
		}
		at = filepath.Join(m.dir, "volumes", name)
		return at, give(at, group)
	case v.Image != nil:
		return filepath.Join(m.image(v.Image.Reference), "root"), nil
	case v.ConfigMap != nil:
		if err := os.MkdirAll(at, 0o755); err != nil {
			return "", err
		}
		return at, m.configMap(ctx, p, v.ConfigMap.Name, at)
	case v.Projected != nil:
		if err := os.MkdirAll(at, 0o755); err != nil {
			return "", err
		}
		for _, s := range v.Projected.Sources {
			switch {
			case s.ConfigMap != nil:
				if err := m.configMap(ctx, p, s.ConfigMap.Name, at); err != nil {
					return "", err
				}
			case s.ServiceAccountToken != nil:
				t, err := m.k.CoreV1().ServiceAccounts(p.Namespace).CreateToken(ctx, p.Spec.ServiceAccountName, &authv1.TokenRequest{Spec: authv1.TokenRequestSpec{
					ExpirationSeconds: s.ServiceAccountToken.ExpirationSeconds,
					BoundObjectRef:    &authv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: p.Name, UID: p.UID},
				}}, metav1.CreateOptions{})
				if err != nil {
					return "", err
				}
				if err := os.WriteFile(filepath.Join(at, s.ServiceAccountToken.Path), []byte(t.Status.Token), 0o644); err != nil {
					return "", err
				}
			case s.DownwardAPI != nil:
				for _, f := range s.DownwardAPI.Items {
					text, err := fieldpath.ExtractFieldPathAsString(p, f.FieldRef.FieldPath)
					if err != nil {
						return "", err
					}
					if err := os.WriteFile(filepath.Join(at, f.Path), []byte(text), 0o644); err != nil {
						return "", err
					}
				}
			}
		}
		return at, nil
	}
	return "", errors.New("this node has no such volume")
}

func (m *machine) configMap(ctx context.Context, p *corev1.Pod, name, at string) error {
	c, err := m.k.CoreV1().ConfigMaps(p.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for k, v := range c.Data {
		if err := os.WriteFile(filepath.Join(at, k), []byte(v), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// give makes a volume, and what is in it, that of a group, as fsGroup says.
func give(dir string, group int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // another pod has taken it away
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return nil // the same
		}
		if info.Sys().(*syscall.Stat_t).Gid == uint32(group) {
			return nil
		}
		mode := info.Mode().Perm() | 0o660
		if d.IsDir() {
			mode |= 0o110 | os.ModeSetgid
		}
		if err := os.Lchown(name, -1, group); err != nil {
			return err
		}
		return os.Chmod(name, mode)
	})
}
