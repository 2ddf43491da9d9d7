using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Options;
using AgentFunctions.Keys;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Keys;

/// <summary>A key folder that is set later takes over the keys of the store, once.</summary>
[CancelAfter(300_000)]
internal sealed class LaterKeyFolderTests
{
    private const string Secret = "hunter2hunter2";

    [Test]
    public async Task Start_WithAKeyFolderSetLater_ReadsWhatWasSealedBefore()
    {
        using var folder = new TemporaryFolder();
        string? keys = null;
        await using RunHost host = await StartAsync(() => keys);
        Run run = await host.RunAsync($"Use {Secret}.");
        await host.Get<ApiKeys>().AddAsync("root", [CallerRoles.Admin], Caller.Local);
        keys = Path.Combine(folder.Path, "keys");
        await host.RestartAsync();

        Assert.That((await host.Get<RunStore>().GetAsync(run.Id)).Goal, Is.EqualTo($"Use {Secret}."));
        Assert.That((await host.Get<ApiKeys>().ListAsync()).Select(static key => key.Name), Is.EqualTo(new[] { "root" }));
        Run second = await host.RunAsync($"Use {Secret} again.");
        Assert.That((await host.Get<RunStore>().GetAsync(second.Id)).Goal, Is.EqualTo($"Use {Secret} again."));
        AuditVerification verified = await host.Get<AuditLog>().VerifyAsync();
        Assert.That(verified.Holds, Is.True, $"{verified}");
        await host.RestartAsync();
        Assert.That((await host.Get<RunStore>().GetAsync(run.Id)).Goal, Is.EqualTo($"Use {Secret}."));
    }

    [Test]
    public async Task Start_WithKeysPlantedInTheStoreOfAHostWithAFolder_TakesNone()
    {
        using var folder = new TemporaryFolder();
        string? keys = Path.Combine(folder.Path, "keys");
        await using RunHost host = await StartAsync(() => keys);
        await using RunHost other = await StartAsync(static () => null);
        await other.RunAsync($"Use {Secret}.");
        IRecordStore store = host.Get<IRecordStore>();
        foreach (string prefix in new[] { "tree-keys/", "signing-keys/" })
        {
            await foreach (StoredRecord record in other.Get<IRecordStore>().ListAsync(prefix))
            {
                await store.PutAsync(record.Key, record.Value);
            }
        }

        await store.PutAsync("tree-keys/../../evil", "x"u8.ToArray());
        string[] before = Names(keys);
        await host.RestartAsync();
        await host.RunAsync($"Use {Secret}.");

        TreeKey foreign = await other.Get<TreeKeys>().GetAsync(TreeKeys.HostTree);
        TreeKey own = await host.Get<TreeKeys>().GetAsync(TreeKeys.HostTree);
        Assert.That(own.Mark([1]), Is.Not.EqualTo(foreign.Mark([1])));
        Assert.That(Names(keys), Is.SupersetOf(before).And.None.Contains("evil"));
        Assert.That(Directory.EnumerateFiles(keys, "kek-*.pem").Count(), Is.EqualTo(1));
    }

    private static string[] Names(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(static file => Path.GetFileName(file)!)];

    private static Task<RunHost> StartAsync(Func<string?> keys) => RunHost.StartAsync(
        services => services.Configure<GovernanceOptions>(options => options.KeyFolder = keys()),
        static _ => ChatReply.Say("done"), settings: ("Secrets:db", Secret));
}
