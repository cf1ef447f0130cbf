//! The server's half of danube_api.proto, from the file that the TypeScript client's messages come from too.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = "../../proto/danube";
    println!("cargo:rerun-if-changed={folder}");
    let files = protox::compile(["danube_api.proto"], [folder])?;
    tonic_prost_build::configure().build_client(false).compile_fds(files)?;
    Ok(())
}
