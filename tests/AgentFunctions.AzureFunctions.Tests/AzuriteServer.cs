using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using AgentFunctions.AzureStorage;
using Azure.Storage;
using Azure.Storage.Blobs;

namespace AgentFunctions.AzureFunctions.Tests;

/// <summary>
/// The storage emulator Azurite for this run of the tests: <c>azurite-blob</c> at <c>AZURITE_BLOB</c>, or on the path. It serves
/// many accounts, so that each test has an empty one and tests run side by side.
/// </summary>
[SetUpFixture]
public sealed class AzuriteServer
{
    private const int Accounts = 1_000;

    private static readonly string s_key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64));
    private static Process? s_process;
    private static int s_port;
    private static int s_taken;
    private static string? s_missing = "It was not started.";

    /// <summary>Connects to an account that is empty and nobody else's.</summary>
    internal static BlobServiceClient Connect() => Connect(TakeAccount());

    /// <summary>Connects to an account once more, as another process would.</summary>
    /// <param name="account">The account, as <see cref="TakeAccount"/> gave it.</param>
    /// <param name="options">How to connect.</param>
    internal static BlobServiceClient Connect(string account, BlobClientOptions? options = null) =>
        new(new Uri($"http://127.0.0.1:{s_port}/{account}"), new StorageSharedKeyCredential(account, s_key), options);

    /// <summary>Takes an account that is empty and nobody else's.</summary>
    internal static string TakeAccount()
    {
        if (s_missing is { } reason)
        {
            // CI installs it, so there its absence is a fault.
            Assert.That(Environment.GetEnvironmentVariable("CI"), Is.Null.Or.Empty, reason);
            Assert.Ignore(reason);
        }

        int number = Interlocked.Increment(ref s_taken);
        Assert.That(number, Is.LessThanOrEqualTo(Accounts), "Give the emulator more accounts.");
        return NameOf(number);
    }

    /// <summary>The containers of an account in which nothing is kept.</summary>
    internal static BlobContainers Containers() => new(Connect());

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        s_port = FreePort();
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("AZURITE_BLOB") ?? "azurite-blob")
        {
            ArgumentList =
            {
                "--inMemoryPersistence", "--blobHost", "127.0.0.1", "--blobPort", $"{s_port}", "--skipApiVersionCheck", "--disableTelemetry",
            },
            Environment = { ["AZURITE_ACCOUNTS"] = string.Join(';', Enumerable.Range(1, Accounts).Select(static number => $"{NameOf(number)}:{s_key}")) },
            RedirectStandardOutput = true,
        };
        try
        {
            s_process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            s_missing = "Azurite is not installed: npm install --global azurite, or name azurite-blob in AZURITE_BLOB.";
            return;
        }

        while (await s_process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains("successfully listen", StringComparison.Ordinal))
            {
                s_missing = null;
                _ = s_process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
                return;
            }
        }

        s_missing = "Azurite ended before it listened.";
    }

    [OneTimeTearDown]
    public void Stop()
    {
        s_process?.Kill(entireProcessTree: true);
        s_process?.Dispose();
    }

    private static string NameOf(int number) => $"account{number}";

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
