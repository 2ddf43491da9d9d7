using AgentFunctions.AzureStorage;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Keys;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;

namespace AgentFunctions.AzureFunctions.Tests.Instances;

/// <summary>
/// How the audit entries of many instances meet on the storage account, as <c>docs/azure.md</c> says under Scale.
/// </summary>
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed class AuditAppendsTests
{
    private const int Instances = 20;
    private const int Runs = 120;
    private const int Each = 4;

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Append_RunsOverManyInstances_DoNotQueueOnOneBlob()
    {
        Appends appends = await WriteAsync(static number => $"run{number}");

        Assert.That(appends.Largest, Is.LessThan(Runs * Each / 10), "of all appends none of the blobs takes a tenth");
        Assert.That(appends.Blobs, Is.GreaterThan(40));
    }

    [Test]
    public async Task Append_OneSwarmOverManyInstances_DoesNotQueueOnOneBlob()
    {
        Appends appends = await WriteAsync(static number => $"root.1-0-{number}");

        Assert.That(appends.Largest, Is.LessThan(Runs * Each / 4), "of all appends none of the blobs takes a quarter");
        Assert.That(appends.Blobs, Is.EqualTo(AuditShards.Spread).Or.EqualTo(AuditShards.Spread + 1),
            "and the mark that the log is in shards");
    }

    [Test]
    [Explicit("What it was like with one log for all, for comparison.")]
    public async Task Append_OneLogForAll_Queues() => await WriteAsync(static _ => null);

    /// <summary>Each run is a chain of steps that wait for their audit entry, each step on another instance.</summary>
    private static async Task<Appends> WriteAsync(Func<int, string?> run)
    {
        string account = AzuriteServer.TakeAccount();
        var appends = new Appends();
        AuditLog[] logs = [.. Enumerable.Range(0, Instances).Select(_ => Log(account, appends))];
        await Task.WhenAll(Enumerable.Range(0, Runs).Select(number => Task.Run(async () =>
        {
            for (int step = 0; step < Each; step++)
            {
                AuditLog log = logs[(number + (step * 7)) % Instances];
                await log.AppendAsync(new AuditEntry("any") { RunId = run(number), Actor = $"{number}", Turn = step }, Cancel);
            }
        })));
        await Task.WhenAll(logs.Select(static log => log.JoinAsync(Cancel)));

        List<AuditEntry> entries = await logs[0].ReadAsync(null, 0, Cancel).Where(static entry => entry.Type == "any")
            .ToListAsync(Cancel);
        Assert.That(entries.Select(static entry => (entry.Actor, entry.Turn)).ToArray(),
            Is.Unique.And.Length.EqualTo(Runs * Each));
        AuditVerification result = await logs[1].VerifyAsync(Cancel);
        Assert.That((result.Holds, result.Problem), Is.EqualTo((true, (string?)null)));
        TestContext.Out.WriteLine($"{Runs * Each} entries, {Instances} instances: {appends}");
        return appends;
    }

    private static AuditLog Log(string account, Appends appends)
    {
        var options = new BlobClientOptions();
        options.AddPolicy(appends, HttpPipelinePosition.PerRetry);
        var containers = new BlobContainers(AzuriteServer.Connect(account, options));
        var keys = new SigningKeys(new RecordKeyStore(new BlobRecordStore(containers)), AuditLog.KeyPurpose, TimeProvider.System);
        return new AuditLog(new BlobLogStore(containers, TimeProvider.System), keys, TimeProvider.System);
    }

    /// <summary>Counts what is appended to each blob.</summary>
    private sealed class Appends : HttpPipelinePolicy
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<string, int> _blobs = new(StringComparer.Ordinal);
        private int _refused;
        private int _reads;

        public int Largest => _blobs.Values.Max();

        public int Blobs => _blobs.Count;

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            await ProcessNextAsync(message, pipeline);
            Count(message);
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            ProcessNext(message, pipeline);
            Count(message);
        }

        public override string ToString() =>
            $"{_blobs.Values.Sum()} appends to {Blobs} blobs, at most {Largest} to one; {_refused} refused since another was first, {_reads} reads";

        private void Count(HttpMessage message)
        {
            string address = message.Request.Uri.ToString();
            lock (_gate)
            {
                // The chain of heads is not what a step waits for.
                if (!address.Contains("agent-logs", StringComparison.Ordinal)
                    || address.Contains("/heads/", StringComparison.Ordinal))
                {
                    return;
                }

                if (message.Request.Method == RequestMethod.Get)
                {
                    _reads++;
                }
                else if (address.Contains("comp=appendblock", StringComparison.Ordinal))
                {
                    _refused += message.Response.Status == 412 ? 1 : 0;
                    if (message.Response.Status == 201)
                    {
                        string blob = message.Request.Uri.Path;
                        _blobs[blob] = _blobs.GetValueOrDefault(blob) + 1;
                    }
                }
            }
        }
    }
}
