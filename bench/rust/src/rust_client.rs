//! The Rust client as its users would drive it: one client, and a connection and a reliable topic that its producers share.
//! Each producer awaits one send after the other: it has a lock, so that more sends at once are no faster.
//!
//! rust-client URL PRODUCERS SECONDS PAYLOAD_BYTES: prints {"perSecond":…,"cpuMicros":…} and ends.

use std::{
    env,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use danube_client::{DanubeClient, Producer};
use tokio::{task::JoinSet, time::sleep};

type Failure = Box<dyn Error + Send + Sync>;

/// As long as the other rows take to get going.
const SETTLE: Duration = Duration::from_millis(300);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, producers, seconds, bytes] = arguments.as_slice() else {
        return Err("rust-client URL PRODUCERS SECONDS PAYLOAD_BYTES".into());
    };
    let payload = noise(bytes.parse()?);
    let client = DanubeClient::builder().service_url(url).build().await?;
    let acknowledged = Arc::new(AtomicU64::new(0));
    let stopped = Arc::new(AtomicBool::new(false));
    let mut loops = JoinSet::new();
    for producer in create_all(&client, producers.parse()?).await? {
        let (payload, acknowledged, stopped) = (payload.clone(), acknowledged.clone(), stopped.clone());
        loops.spawn(async move {
            while !stopped.load(Relaxed) {
                producer.send(payload.clone(), None).await?;
                acknowledged.fetch_add(1, Relaxed);
            }
            Ok::<_, Failure>(())
        });
    }
    sleep(SETTLE).await;
    let (start, count, cpu) = (Instant::now(), acknowledged.load(Relaxed), cpu_micros());
    sleep(Duration::from_secs_f64(seconds.parse()?)).await;
    let messages = (acknowledged.load(Relaxed) - count) as f64;
    let cpu_used = cpu_micros() - cpu;
    let took = start.elapsed().as_secs_f64();
    stopped.store(true, Relaxed);
    while let Some(ended) = loops.join_next().await {
        ended??;
    }
    println!(r#"{{"perSecond":{},"cpuMicros":{}}}"#, messages / took, cpu_used / messages);
    Ok(())
}

/// On a topic that nobody has used before. On one for each of them they are no faster.
async fn create_all(client: &DanubeClient, count: usize) -> Result<Vec<Producer>, Failure> {
    let run = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    let topic = format!("/default/bench-rust-{run}");
    let mut producers = Vec::new();
    for i in 0..count {
        let name = format!("bench-{i}");
        let mut producer = client.new_producer().with_topic(&topic).with_name(name).with_reliable_dispatch().build()?;
        producer.create().await?;
        producers.push(producer);
    }
    Ok(producers)
}

/// Bytes that nothing compresses: xorshift.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state: u32 = 0x9e37_79b9;
    (0..bytes)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        })
        .collect()
}

/// Of this process so far, in user and kernel.
fn cpu_micros() -> f64 {
    // SAFETY: getrusage fills in the struct that it is given, and all bits zero are one.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let micros = |time: libc::timeval| time.tv_sec as f64 * 1e6 + time.tv_usec as f64;
    micros(usage.ru_utime) + micros(usage.ru_stime)
}
