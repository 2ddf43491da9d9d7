using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Keys;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentFunctions.Tests.Gateway;

/// <summary>Who can write the store can make itself no API key, and can loosen no kill order.</summary>
[CancelAfter(300_000)]
internal sealed class PlantedApiKeyTests
{
    private const string Key = "afk_0badcafe_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    [Test]
    public async Task Find_KeyThatWasPlanted_IsNone()
    {
        await using RunHost host = await StartAsync();
        await PutAsync(host, "api-keys/0badcafe", Planted());

        Assert.That(await Keys(host).FindAsync(Key), Is.Null);
        Assert.That((await Keys(host).ListAsync()).Select(static key => key.Name), Is.EqualTo(new[] { "root" }));
        Assert.That(await Keys(host).AnyAsync(), Is.True, "the host stays closed");
    }

    [Test]
    public async Task Find_KeyWhoseRolesWereWidened_IsNone()
    {
        await using RunHost host = await StartAsync();
        string key = await Keys(host).AddAsync("ben", [CallerRoles.Submitter], Caller.Local);
        string place = $"api-keys/{key[4..12]}";
        await EditAsync(host, place, "submitter", "admin");

        Assert.That(await Keys(host).FindAsync(key), Is.Null);
    }

    [Test]
    public async Task Find_RecordOfAnotherKeyInItsPlace_IsNone()
    {
        await using RunHost host = await StartAsync();
        string key = await Keys(host).AddAsync("ben", [CallerRoles.Submitter], Caller.Local);
        StoredRecord record = (await host.Get<IRecordStore>().GetAsync($"api-keys/{key[4..12]}"))!;
        await host.Get<IRecordStore>().PutAsync("api-keys/0badcafe", record.Value);

        Assert.That((await Keys(host).ListAsync()).Count(static one => one.Name == "ben"), Is.EqualTo(1),
            "a seal is good for one place");
        Assert.That((await Keys(host).FindAsync(key))!.Id, Is.EqualTo("key:ben"));
    }

    [Test]
    public async Task Find_KeysOfAVersionWithoutSeals_AreTakenOverOnceAndNamed()
    {
        // A host that has never looked for a key yet: only then are keys without a seal its own.
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("done"));
        await PutAsync(host, "api-keys/0badcafe", Planted());

        Caller? first = await Keys(host).FindAsync(Key);
        await PutAsync(host, "api-keys/0badcaff", Planted("later"));
        IReadOnlyList<ApiKeyRecord> known = await Keys(host).ListAsync();

        Assert.That(first!.Id, Is.EqualTo("key:mallory"));
        Assert.That(known.Select(static key => key.Name), Is.EqualTo(new[] { "mallory" }));
        Assert.That(
            await host.Get<AuditLog>().ReadAsync()
                .AnyAsync(static entry => entry.Type == AuditTypes.KeyChanged && entry.Reason!.Contains("took over API keys")),
            Is.True);
    }

    [Test]
    public async Task KillOrder_ThatWasNarrowed_StopsEverything()
    {
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("done"));
        await host.Get<KillOrders>().EngageAsync(KillScope.Agent, "worker", Caller.Local, "enough");
        StoredRecord order = await host.Get<IRecordStore>().ListAsync("kill/").FirstAsync();
        await EditAsync(host, order.Key, "\"worker\"", "\"nobody\"");
        await host.Get<KillOrders>().ReleaseAsync(KillScope.Agent, "none", Caller.Local);

        AgentException refusal = Assert.ThrowsAsync<AgentException>(() => host.SubmitAsync())!;

        Assert.That((refusal.Code, refusal.Message), Is.EqualTo((ErrorCode.DataFileUnusable, refusal.Message)));
        Assert.That(refusal.Message, Does.Contain(order.Key).And.Contain("altered"));
    }

    private static async Task<RunHost> StartAsync()
    {
        RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("done"));
        await Keys(host).AddAsync("root", [CallerRoles.Admin], Caller.Local);
        return host;
    }

    // As after a restart: nothing is remembered.
    private static ApiKeys Keys(RunHost host) =>
        new(host.Get<IRecordStore>(), host.Get<TreeKeys>(), host.Get<AuditLog>(), TimeProvider.System,
            NullLogger<ApiKeys>.Instance);

    private static string Planted(string name = "mallory") => JsonSerializer.Serialize(new
    {
        id = "0badcafe",
        name,
        roles = new[] { "admin" },
        hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key))),
        createdAt = DateTimeOffset.UnixEpoch,
    });

    private static Task PutAsync(RunHost host, string key, string json) =>
        host.Get<IRecordStore>().PutAsync(key, Encoding.UTF8.GetBytes(json));

    private static async Task EditAsync(RunHost host, string key, string from, string to)
    {
        string json = Encoding.UTF8.GetString((await host.Get<IRecordStore>().GetAsync(key))!.Value.Span);
        Assert.That(json, Does.Contain(from));
        await PutAsync(host, key, json.Replace(from, to, StringComparison.Ordinal));
    }
}
