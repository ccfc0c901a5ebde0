// Command control is the control plane of a Kubernetes for a test: the API server, etcd, and the controllers that jobs need are Kubernetes' own; its scheduler, and what ends the pods of a node that is lost, are as small as they
// can be. It is a module of its own with the nodes, as pmdcheck needs none of this.
//
// It says "ready", and runs until it is killed. FOLDER/kubeconfig is for the administrator.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher"
	"k8s.io/kubernetes/pkg/controller/job"
	"k8s.io/kubernetes/pkg/controller/serviceaccount"

	"pmdcheck/deploy/cluster/access"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: control FOLDER [FLAG OF KUBE-APISERVER]...")
		os.Exit(2)
	}
	if err := control(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "control:", err)
		os.Exit(1)
	}
}

// port is one that nobody listens at.
func port() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// control runs etcd, the API server with more flags, and controllers, until it is told to end.
func control(dir string, flags []string) error {
	store, err := etcd(filepath.Join(dir, "etcd"))
	if err != nil {
		return err
	}
	at, err := port()
	if err != nil {
		return err
	}
	certs, key := filepath.Join(dir, "certs"), filepath.Join(dir, "serviceaccounts.key")
	if err := newKey(key); err != nil {
		return err
	}
	tokens := filepath.Join(dir, "tokens")
	token := rand.Text()
	if err := os.WriteFile(tokens, []byte(token+",admin,admin,system:masters\n"), 0o600); err != nil {
		return err
	}
	cmd := apiserver.NewAPIServerCommand()
	cmd.SetArgs(append([]string{
		"--etcd-servers=" + store, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", at), "--cert-dir=" + certs, "--token-auth-file=" + tokens, "--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file=" + key, "--service-account-signing-key-file=" + key,
		"--service-cluster-ip-range=10.0.0.0/24", "--endpoint-reconciler-type=none", "--profiling=false",
	}, flags...))
	ended := make(chan error, 1)
	go func() { ended <- cmd.Execute() }()

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ca, err := ready(ctx, dir, filepath.Join(certs, "apiserver.crt"), fmt.Sprintf("https://127.0.0.1:%d", at), token, ended)
	if err != nil {
		return err
	}
	if err := controllers(ctx, dir, ca); err != nil {
		return err
	}
	fmt.Println("ready")
	return <-ended
}

// etcd runs one that forgets when the machine stops; it returns its address.
func etcd(dir string) (string, error) {
	c := embed.NewConfig()
	c.Dir, c.LogLevel, c.UnsafeNoFsync = dir, "error", true
	var u [2]url.URL
	for i := range u {
		p, err := port()
		if err != nil {
			return "", err
		}
		u[i] = url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", p)}
	}
	c.ListenClientUrls, c.AdvertiseClientUrls = u[:1], u[:1]
	c.ListenPeerUrls, c.AdvertisePeerUrls = u[1:], u[1:]
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	e, err := embed.StartEtcd(c)
	if err != nil {
		return "", err
	}
	select {
	case <-e.Server.ReadyNotify():
		return u[0].String(), nil
	case err := <-e.Err():
		return "", err
	case <-time.After(time.Minute):
		return "", fmt.Errorf("etcd is not ready after a minute")
	}
}

// newKey writes the key that signs tokens of service accounts.
func newKey(name string) error {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		return err
	}
	return os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}

// ready waits for the API server, and writes kubeconfig; it returns the certificate by which clients know the server.
func ready(ctx context.Context, dir, cert, server, token string, ended <-chan error) ([]byte, error) {
	for range 1200 {
		select {
		case err := <-ended:
			return nil, fmt.Errorf("the API server has ended: %v", err)
		case <-time.After(100 * time.Millisecond):
		}
		ca, err := os.ReadFile(cert)
		if err != nil {
			continue
		}
		c := api.NewConfig()
		c.Clusters["test"] = &api.Cluster{Server: server, CertificateAuthorityData: ca}
		c.AuthInfos["admin"] = &api.AuthInfo{Token: token}
		c.Contexts["test"] = &api.Context{Cluster: "test", AuthInfo: "admin", Namespace: "default"}
		c.CurrentContext = "test"
		if err := clientcmd.WriteToFile(*c, access.File(dir)); err != nil {
			return nil, err
		}
		k, _, err := access.Client(dir)
		if err != nil {
			return nil, err
		}
		if _, err := k.RESTClient().Get().AbsPath("/readyz").DoRaw(ctx); err != nil {
			continue
		}
		if _, err := k.CoreV1().Namespaces().Get(ctx, "default", metav1.GetOptions{}); err == nil {
			return ca, nil
		}
	}
	return nil, fmt.Errorf("the API server is not ready after two minutes")
}

// controllers runs those of Kubernetes that jobs need, and stands in for the scheduler and for what ends pods of lost nodes.
func controllers(ctx context.Context, dir string, ca []byte) error {
	k, _, err := access.Client(dir)
	if err != nil {
		return err
	}
	f := informers.NewSharedInformerFactory(k, 0)
	core := f.Core().V1()
	jobs, err := job.NewController(ctx, core.Pods(), f.Batch().V1().Jobs(), k)
	if err != nil {
		return err
	}
	accounts, err := serviceaccount.NewServiceAccountsController(core.ServiceAccounts(), core.Namespaces(), k, serviceaccount.DefaultServiceAccountsControllerOptions())
	if err != nil {
		return err
	}
	roots, err := rootcacertpublisher.NewPublisher(core.ConfigMaps(), core.Namespaces(), k, ca)
	if err != nil {
		return err
	}
	f.Start(ctx.Done())
	go jobs.Run(ctx, 2)
	go accounts.Run(ctx, 1)
	go roots.Run(ctx, 1)
	go every(ctx, 50*time.Millisecond, k, schedule)
	go every(ctx, time.Second, k, orphans)
	return nil
}

// every calls f with all pods, and what is known of nodes, again and again.
func every(ctx context.Context, d time.Duration, k kubernetes.Interface, f func(context.Context, kubernetes.Interface, []corev1.Pod, []corev1.Node)) {
	for t := time.Tick(d); ctx.Err() == nil; <-t {
		pods, err := k.CoreV1().Pods("").List(ctx, metav1.ListOptions{ResourceVersion: "0"})
		if err != nil {
			continue
		}
		if nodes, err := k.CoreV1().Nodes().List(ctx, metav1.ListOptions{ResourceVersion: "0"}); err == nil {
			f(ctx, k, pods.Items, nodes.Items)
		}
	}
}

// schedule gives each pod that has no node the ready one with the fewest pods. It looks at nothing else, volumes and resources included.
func schedule(ctx context.Context, k kubernetes.Interface, pods []corev1.Pod, nodes []corev1.Node) {
	busy := map[string]int{}
	for _, n := range nodes {
		for _, c := range n.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue && !n.Spec.Unschedulable {
				busy[n.Name] = 0
			}
		}
	}
	for _, p := range pods {
		if _, ok := busy[p.Spec.NodeName]; ok && (p.Status.Phase == corev1.PodPending || p.Status.Phase == corev1.PodRunning) {
			busy[p.Spec.NodeName]++
		}
	}
	for _, p := range pods {
		if p.Spec.NodeName != "" || p.DeletionTimestamp != nil {
			continue
		}
		best := ""
		for n := range busy {
			if best == "" || busy[n] < busy[best] || busy[n] == busy[best] && n < best {
				best = n
			}
		}
		if best == "" {
			return
		}
		b := &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name, UID: p.UID}, Target: corev1.ObjectReference{Kind: "Node", Name: best}}
		// A pod that was bound before, in a list that is behind, is refused.
		if k.CoreV1().Pods(p.Namespace).Bind(ctx, b, metav1.CreateOptions{}) == nil {
			busy[best]++
		}
	}
}

// orphans does what the pod garbage collector of Kubernetes does with the pods of a node that is no more: they are disrupted, have failed, and are deleted. That one waits 40 seconds first, and takes half of the kubelet to
// build.
func orphans(ctx context.Context, k kubernetes.Interface, pods []corev1.Pod, nodes []corev1.Node) {
	there := map[string]bool{}
	for _, n := range nodes {
		there[n.Name] = true
	}
	for _, p := range pods {
		if p.Spec.NodeName == "" || there[p.Spec.NodeName] {
			continue
		}
		if p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed {
			patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": p.UID}, "status": map[string]any{
				"phase":      corev1.PodFailed,
				"conditions": []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "DeletionByPodGC", Message: "the node is no more", LastTransitionTime: metav1.Now()}},
			}})
			if err != nil {
				continue
			}
			if _, err := k.CoreV1().Pods(p.Namespace).Patch(ctx, p.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil {
				continue
			}
		}
		zero := int64(0)
		// It fails where the pod is gone already.
		_ = k.CoreV1().Pods(p.Namespace).Delete(ctx, p.Name, metav1.DeleteOptions{GracePeriodSeconds: &zero, Preconditions: &metav1.Preconditions{UID: &p.UID}})
	}
}
