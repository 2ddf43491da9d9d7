using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using AgentFunctions.AzureFunctions.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AgentFunctions.AzureFunctions.Tests;

/// <summary>The storage emulator Azurite for this run of the tests: <c>azurite-blob</c> on the path, or at <c>AZURITE_BLOB</c>.</summary>
[SetUpFixture]
public sealed class AzuriteServer
{
    private const string Account = "devstoreaccount1";

    /// <summary>The emulator's well-known key.</summary>
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static Process? s_process;
    private static string? s_connection;

    /// <summary>A client of the emulator.</summary>
    internal static BlobServiceClient Connect()
    {
        Assume.That(s_connection, Is.Not.Null, "Azurite is not installed: npm install --global azurite");
        return new BlobServiceClient(s_connection);
    }

    internal static BlobContainers Containers() => new(Connect());

    /// <summary>The containers of an account in which nothing is kept.</summary>
    internal static async Task<BlobContainers> EmptyAsync()
    {
        BlobServiceClient service = Connect();
        await foreach (BlobContainerItem container in service.GetBlobContainersAsync())
        {
            await service.DeleteBlobContainerAsync(container.Name);
        }

        return new BlobContainers(service);
    }

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        int port = FreePort();
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("AZURITE_BLOB") ?? "azurite-blob")
        {
            ArgumentList =
            {
                "--inMemoryPersistence", "--blobHost", "127.0.0.1", "--blobPort", $"{port}", "--skipApiVersionCheck", "--disableTelemetry",
            },
            RedirectStandardOutput = true,
        };
        try
        {
            s_process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return;
        }

        while (await s_process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains("successfully listen", StringComparison.Ordinal))
            {
                s_connection =
                    $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint=http://127.0.0.1:{port}/{Account};";
                _ = s_process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
                return;
            }
        }
    }

    [OneTimeTearDown]
    public void Stop()
    {
        s_process?.Kill(entireProcessTree: true);
        s_process?.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
