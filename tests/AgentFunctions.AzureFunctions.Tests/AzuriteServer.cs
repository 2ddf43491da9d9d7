using System.Security.Cryptography;
using AgentFunctions.AzureStorage;
using Azure.Storage;
using Azure.Storage.Blobs;

namespace AgentFunctions.AzureFunctions.Tests;

/// <summary>
/// The storage emulator Azurite for this run of the tests: <c>azurite-blob</c> at <c>AZURITE_BLOB</c>, or on the path. It serves
/// many accounts, so that each test has an empty one and tests run side by side; a long run of tests gets a new process now and
/// then.
/// </summary>
[SetUpFixture]
public sealed class AzuriteServer
{
    /// <summary>The category of all tests that need it.</summary>
    internal const string Category = "Azurite";

    private const int Accounts = 1_000;

    private static readonly Lock s_gate = new();
    private static readonly string s_key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64));
    private static readonly Stack<AzuriteProcess> s_processes = [];

    /// <summary>Connects to an account that is empty and nobody else's.</summary>
    internal static BlobServiceClient Connect() => Connect(TakeAccount());

    /// <summary>Connects to an account once more, as another process would.</summary>
    /// <param name="account">The account, as <see cref="TakeAccount"/> gave it.</param>
    /// <param name="options">How to connect.</param>
    internal static BlobServiceClient Connect(string account, BlobClientOptions? options = null) =>
        new(new Uri($"http://127.0.0.1:{account}"), new StorageSharedKeyCredential(account[(account.IndexOf('/') + 1)..], s_key),
            options);

    /// <summary>Takes an account that is empty and nobody else's.</summary>
    internal static string TakeAccount()
    {
        Assert.That(TestContext.CurrentContext.Test.AllCategories(), Does.Contain(Category), "CI runs these once more without it.");
        lock (s_gate)
        {
            if (s_processes.TryPeek(out AzuriteProcess? running) && running.TryTakeAccount() is { } account)
            {
                return account;
            }

            try
            {
                s_processes.Push(AzuriteProcess.Start(Accounts, s_key));
            }
            catch (InvalidOperationException e)
            {
                // CI installs it, so there its absence is a fault.
                Assert.That(Environment.GetEnvironmentVariable("CI"), Is.Null.Or.Empty, e.Message);
                Assert.Ignore(e.Message);
            }

            return s_processes.Peek().TryTakeAccount()!;
        }
    }

    /// <summary>The containers of an account in which nothing is kept.</summary>
    internal static BlobContainers Containers() => new(Connect());

    [OneTimeTearDown]
    public void Stop()
    {
        lock (s_gate)
        {
            while (s_processes.TryPop(out AzuriteProcess? process))
            {
                process.Dispose();
            }
        }
    }
}
