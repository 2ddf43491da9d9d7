using AgentFunctions.Gateway;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;

namespace AgentFunctions.Tests.Gateway;

[CancelAfter(300_000)]
internal sealed class ApiKeyNameTests
{
    [Test]
    public async Task Add_NameOfAWithdrawnKey_IsRefusedUnlessTheHolderIsTheSame()
    {
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("done"));
        var keys = host.Get<ApiKeys>();
        await keys.AddAsync("root", [CallerRoles.Admin], Caller.Local);
        await keys.AddAsync("ben", [CallerRoles.Submitter], Caller.Local);
        await keys.RemoveAsync("ben", Caller.Local);

        AgentException refusal =
            Assert.ThrowsAsync<AgentException>(() => keys.AddAsync("ben", [CallerRoles.Submitter], Caller.Local))!;
        string renewed = await keys.RenewAsync("ben", [CallerRoles.Viewer], Caller.Local);

        Assert.That((refusal.Code, refusal.Message), Is.EqualTo((ErrorCode.InvalidInput, refusal.Message)));
        Assert.That(refusal.Message, Does.StartWith("name: ").And.Contain("renew"));
        Assert.That((await keys.FindAsync(renewed))!.Roles, Is.EqualTo(new[] { CallerRoles.Viewer }));
    }

    [Test]
    public async Task Add_SameNameTwiceAtOnce_MakesOneKey()
    {
        var meanwhile = new Interruption();
        await using RunHost host = await RunHost.StartAsync(meanwhile.Install, _ => ChatReply.Say("done"));
        var keys = host.Get<ApiKeys>();
        await keys.AddAsync("root", [CallerRoles.Admin], Caller.Local);
        string? made = null;
        meanwhile.Before("put api-keys/", async () => made = await keys.AddAsync("ci", [CallerRoles.Submitter], Caller.Local));

        AgentException refusal =
            Assert.ThrowsAsync<AgentException>(() => keys.AddAsync("ci", [CallerRoles.Submitter], Caller.Local))!;

        Assert.That(refusal.Message, Does.StartWith("name: a key of this name exists"));
        Assert.That((await keys.ListAsync()).Select(static key => key.Name), Is.EquivalentTo(new[] { "root", "ci" }));
        Assert.That((await keys.FindAsync(made!))!.Id, Is.EqualTo("key:ci"));
        await keys.RemoveAsync("ci", Caller.Local);
        Assert.That(await keys.FindAsync(made!), Is.Null);
    }

    [TestCase("put api-key-names/anna")]
    [TestCase("put gateway/api-keys")]
    public async Task Remove_BothAdministratorsAtOnce_LeavesOne(string call)
    {
        var meanwhile = new Interruption();
        await using RunHost host = await RunHost.StartAsync(meanwhile.Install, _ => ChatReply.Say("done"));
        var keys = host.Get<ApiKeys>();
        await keys.AddAsync("anna", [CallerRoles.Admin], Caller.Local);
        await keys.AddAsync("ben", [CallerRoles.Admin], Caller.Local);
        await keys.AddAsync("ci", [CallerRoles.Submitter], Caller.Local);
        var removals = new List<Task>();
        Task RemoveAsync(string name)
        {
            removals.Add(keys.RemoveAsync(name, Caller.Local));
            return Task.WhenAny(removals[^1]);
        }

        meanwhile.Before(call, () => RemoveAsync("ben"));
        await RemoveAsync("anna");

        Assert.That(removals.Count(static one => one.IsFaulted), Is.EqualTo(1));
        Assert.That(removals.Single(static one => one.IsFaulted).Exception!.InnerException!.Message,
            Does.Contain("the last administrator's key"));
        Assert.That((await keys.ListAsync()).Count(static key => key.Roles.Contains(CallerRoles.Admin)), Is.EqualTo(1));
    }
}
