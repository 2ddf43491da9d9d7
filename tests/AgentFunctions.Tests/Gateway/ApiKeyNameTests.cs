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
}
