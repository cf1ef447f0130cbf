//! A gRPC server that answers what a producer asks, at once: no topics, no storage, no check of anything. What a client
//! reaches against it is the client's own limit, or that of gRPC on this machine. All other calls are UNIMPLEMENTED.
//!
//! plain-server [PORT [THREADS]]: prints its URL and runs until it is ended. As many threads as cores, if not told.

use std::{env, error::Error};

use danube::{
    HealthCheckRequest, HealthCheckResponse, MessageResponse, ProducerRequest, ProducerResponse, StreamMessage,
    TopicLookupRequest, TopicLookupResponse, TopicPartitionsResponse,
    discovery_server::{Discovery, DiscoveryServer},
    health_check_response::ClientStatus,
    health_check_server::{HealthCheck, HealthCheckServer},
    producer_service_server::{ProducerService, ProducerServiceServer},
    topic_lookup_response::LookupType,
};
use tokio::{net::TcpListener, runtime::Builder};
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

mod danube {
    tonic::include_proto!("danube");
}

#[derive(Clone)]
struct Plain {
    url: String,
}

#[tonic::async_trait]
impl Discovery for Plain {
    async fn topic_lookup(
        &self,
        request: Request<TopicLookupRequest>,
    ) -> Result<Response<TopicLookupResponse>, Status> {
        Ok(Response::new(TopicLookupResponse {
            request_id: request.into_inner().request_id,
            response_type: LookupType::Connect.into(),
            connect_url: self.url.clone(),
            broker_url: self.url.clone(),
            proxy: false,
        }))
    }

    async fn topic_partitions(
        &self,
        request: Request<TopicLookupRequest>,
    ) -> Result<Response<TopicPartitionsResponse>, Status> {
        // None: no topic exists before its producer comes.
        Ok(Response::new(TopicPartitionsResponse { request_id: request.into_inner().request_id, partitions: vec![] }))
    }
}

#[tonic::async_trait]
impl ProducerService for Plain {
    async fn create_producer(&self, request: Request<ProducerRequest>) -> Result<Response<ProducerResponse>, Status> {
        let ProducerRequest { request_id, producer_name, .. } = request.into_inner();
        Ok(Response::new(ProducerResponse { request_id, producer_id: 1, producer_name }))
    }

    async fn send_message(&self, request: Request<StreamMessage>) -> Result<Response<MessageResponse>, Status> {
        Ok(Response::new(MessageResponse { request_id: request.into_inner().request_id }))
    }
}

#[tonic::async_trait]
impl HealthCheck for Plain {
    async fn health_check(&self, _: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(HealthCheckResponse { status: ClientStatus::Ok.into() }))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let port: u16 = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let threads: usize = arguments.next().map_or(Ok(0), |threads| threads.parse())?;
    let mut builder = Builder::new_multi_thread();
    if threads > 0 {
        builder.worker_threads(threads);
    }
    builder.enable_all().build()?.block_on(serve(port))
}

async fn serve(port: u16) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let plain = Plain { url: format!("http://{}", listener.local_addr()?) };
    println!("{}", plain.url);
    Server::builder()
        .add_service(DiscoveryServer::new(plain.clone()))
        .add_service(ProducerServiceServer::new(plain.clone()))
        .add_service(HealthCheckServer::new(plain))
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await?;
    Ok(())
}
