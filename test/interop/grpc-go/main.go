// A server of gRPC's own for Go, for ../grpc-go.test.ts. It knows no messages: Echo gives back what it was sent, a
// moment later, and says how many calls it has had by then, and Wait never ends.
package main

import (
	"flag"
	"fmt"
	"log"
	"math/rand"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
)

// Messages are bytes.
type raw struct{}

func (raw) Marshal(message any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*message.(*[]byte))}, nil
}

func (raw) Unmarshal(data mem.BufferSlice, message any) error {
	*message.(*[]byte) = data.Materialize()
	return nil
}

func (raw) Name() string { return "proto" }

var calls atomic.Uint64

func answer(_ any, stream grpc.ServerStream) error {
	var message []byte
	if err := stream.RecvMsg(&message); err != nil {
		return err
	}
	if method, _ := grpc.MethodFromServerStream(stream); strings.HasSuffix(method, "/Wait") {
		<-stream.Context().Done()
		return stream.Context().Err()
	}
	stream.SetTrailer(metadata.Pairs("calls", strconv.FormatUint(calls.Add(1), 10)))
	time.Sleep(time.Duration(rand.Intn(20)) * time.Millisecond)
	return stream.SendMsg(&message)
}

func main() {
	port := flag.Int("port", 0, "to listen on, of 127.0.0.1")
	age := flag.Duration("age", 0, "after which a connection is to end; 0: never")
	flag.Parse()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	// What a client may ask for is left at what servers have when nobody says anything: a PING in five minutes.
	server := grpc.NewServer(
		grpc.ForceServerCodecV2(raw{}),
		grpc.UnknownServiceHandler(answer),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: *age, MaxConnectionAgeGrace: 5 * time.Second}),
	)
	log.Fatal(server.Serve(listener))
}
