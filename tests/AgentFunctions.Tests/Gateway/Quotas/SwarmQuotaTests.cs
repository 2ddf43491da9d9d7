using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Options;
using AgentFunctions.Gateway.Quotas;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Swarm;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Gateway.Quotas;

[CancelAfter(300_000)]
internal sealed class SwarmQuotaTests
{
    [Test]
    public async Task Run_WithSubAgents_AllGoOnTheAccountOfTheCallerAndNeedOnePlace()
    {
        await using RunHost host = await RunHost.StartAsync(
            services => services.Configure<GatewayOptions>(static options =>
            {
                options.Quotas.Add(new QuotaOptions { Name = "tokens", Caller = "key:anna", Tokens = 1_000_000 });
                options.Concurrency.Total = 1;
            }),
            request => (SwarmScene.IsLead(request), request.Turn) switch
            {
                (true, 0) => SwarmScene.Create(),
                (true, 1) => SwarmScene.Assign("one", "two", "three"),
                _ => ChatReply.Say("done"),
            } with
            { Usage = new(900, 100) },
            null,
            agent => agent.WithInstructions(SwarmScene.LeadInstructions).WithDelegation(Delegation.Kimi));

        Run run = await host.Gateway.SubmitAsync(new RunRequest { Goal = SwarmScene.Goal }, new Caller("key:anna"));
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That((run.Status, run.SubAgents.Total), Is.EqualTo((RunStatus.Completed, 3)));
        var books = new List<QuotaState>();
        await foreach (StoredRecord record in host.Get<IRecordStore>().ListAsync("quotas/"))
        {
            books.Add(System.Text.Json.JsonSerializer.Deserialize(record.Value.Span, QuotasJsonContext.Default.QuotaState)!);
        }

        Assert.That(books, Has.Count.EqualTo(1));
        Assert.That(
            (books[0].Runs, books[0].Tokens, books[0].Steps), Is.EqualTo((1, 6_000L, 10L)),
            "three calls of the lead with four tools, and one of each sub-agent");
    }
}
