using AgentFunctions.Agents;
using AgentFunctions.AzureFunctions.Tests.Views;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>What a run costs on Durable Task Scheduler, as <c>docs/azure.md</c> says under Economy.</summary>
[CancelAfter(1_800_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Category(AzuriteServer.Category)]
public sealed class EconomyTests
{
    private readonly CountingStorage _storage = new();

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Run_OfManyTurns_CostsTwoActionsAStepAndOneAnExecution()
    {
        const int Turns = 40, CallsPerTurn = 3;

        (Run run, CountedActions counts) = await RunAsync("worker", request => request.Turn < Turns
            ? new ChatReply
            {
                Calls = [.. Enumerable.Range(0, CallsPerTurn).Select(static call => ChatReplyCall.Of("note",
                new { call }))]
            }
            : ChatReply.Say("Done."));

        const int Models = Turns + 1, Tools = Turns * CallsPerTurn, Steps = Models + Tools;
        Assert.That((run.Turns, run.Steps), Is.EqualTo((Models, Steps)));
        Assert.That(
            (counts.Of(StepNames.CallModel), counts.Of(StepNames.CallTool), counts.Of(StepNames.Notify), counts.Activities),
            Is.EqualTo((Models, Tools, 1, Steps + 1)));
        Assert.That((counts.Executions, counts.Timers, counts.Events), Is.EqualTo((1 + (Steps / 100), 0, 0)));
        Assert.That(counts.AuditEntries, Is.InRange(Tools + 1, Tools + 2),
            "one for each call without effect, the start, and the end when it is told");
        Assert.That(counts.Billed, Is.EqualTo((2 * Steps) + 2 + counts.Executions).And.AtMost((2 * Steps) + Models));
        int reads = _storage.Reads, writes = _storage.Take() - reads;
        TestContext.Out.WriteLine($"{Steps} steps: {writes} writes to the account ({(double)writes / Steps:F2} a step), {reads} reads ({(double)reads / Steps:F2} a step)");
        Assert.That((double)writes / Steps, Is.LessThan(6), "as docs/azure.md says, with room for the start");
        Assert.That((double)reads / Steps, Is.LessThan(4));
    }

    [Test]
    public async Task SubAgent_CostsItsStartItsReportAndOneEvent()
    {
        const int Children = 40;

        (Run run, CountedActions counts) = await RunAsync("lead", static request => (IsLead(request), request.Turn) switch
        {
            (true, 0) => ChatReply.Call("spawn",
                new { items = Enumerable.Range(1, Children).Select(static item => $"item {item}"), template = "Note {item}" }),
            (true, 1) => ChatReply.Call("wait", new { }),
            _ => ChatReply.Say("Done."),
        });

        Assert.That((counts.Of(StepNames.ReportToLead), counts.Of(StepNames.Notify), counts.Events),
            Is.EqualTo((Children, 1, Children)));
        Assert.That((counts.Executions, counts.Timers, counts.TimersFired), Is.EqualTo((1 + Children, 1 + (2 * Children), 0)));
        Assert.That(counts.Billed, Is.EqualTo(1 + 2 + (2 * run.Steps) + (Children * (1 + 2 + 1))));
        TestContext.Out.WriteLine($"largest status {counts.LargestStatus} bytes, largest message {counts.LargestMessage} bytes");
        Assert.That(counts.LargestStatus, Is.LessThan(2 * 1024));
        Assert.That(counts.LargestMessage, Is.LessThan(8 * 1024));
    }

    [Test]
    public async Task Approval_CostsItsEventAndTheCallOnceMore()
    {
        using var folder = new TemporaryFolder();
        string policy = folder.Write("policy.yaml",
            "rules: [{name: ask, when: {tool: '*'}, then: ask, approval: {roles: [lead]}}]");

        (Run run, CountedActions counts) = await RunAsync(
            "worker", static request => request.Turn == 0 ? ChatReply.Call("note", new { }) : ChatReply.Say("Done."),
            ApproveAsync,
            new KeyValuePair<string, string?>("Governance:PolicyPath", policy));

        Assert.That((run.Steps, counts.Of(StepNames.CallTool), counts.Events, counts.TimersFired), Is.EqualTo((3, 2, 0, 0)));
        Assert.That(counts.Billed, Is.EqualTo(1 + (2 * run.Steps) + 2 + 2), "and the event that the API raises");
    }

    private static async Task ApproveAsync(IServiceProvider services, string runId)
    {
        Journal journal = services.GetRequiredService<Journal>();
        for (long seen = 0; ; await journal.WaitAsync(runId, seen, Cancel))
        {
            await foreach ((long position, JournalEvent happened) in journal.ReadAsync(runId, seen, null, Cancel))
            {
                seen = position + 1;
                if (happened.Type == JournalEventTypes.ApprovalRequested)
                {
                    await services.GetRequiredService<ApprovalService>().DecideAsync(
                        happened.Approval!, new Caller("lee") { Roles = ["lead"] }, true, null, null, Cancel);
                    return;
                }
            }
        }
    }

    private static bool IsLead(ChatRequest request) =>
        request.Messages[1].GetProperty("content").ToString().Contains("Lead.", StringComparison.Ordinal);

    private async Task<(Run Run, CountedActions Counts)> RunAsync(
        string agent, Func<ChatRequest, ChatReply> answer, Func<IServiceProvider, string, Task>? meanwhile = null,
        params KeyValuePair<string, string?>[] settings)
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(answer);
        var options = new BlobClientOptions();
        options.AddPolicy(_storage, HttpPipelinePosition.PerRetry);
        await using ServiceProvider services = AppServices.Build(model,
            AzuriteServer.Connect(AzuriteServer.TakeAccount(), options), static services => services
            .AddTool(AgentTool.Create("note", "Notes a text.", ToolEffect.None, static () => "noted"))
            .AddAgent(Agent.Create("worker").WithInstructions("Work.").WithTools("note"))
            .AddAgent(Agent.Create("lead").WithInstructions("Work.").WithTools("note").WithDelegation(Delegation.Native)),
            settings);
        var counts = new CountedActions();
        await using InProcessHost host =
            await InProcessHost.StartAsync(counts.Count(services.GetRequiredService<DurableRegistry>()));
        services.GetRequiredService<DurableTaskClientAccessor>().Client = host.DurableClient;
        Run run = await services.GetRequiredService<AgentGateway>().SubmitAsync(
            new RunRequest { Agent = agent, Goal = "Lead." }, new Caller("test") { Roles = [CallerRoles.Submitter] },
            cancellationToken: Cancel);
        await (meanwhile?.Invoke(services, run.Id) ?? Task.CompletedTask);
        run = await services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id, Cancel);
        Assert.That((run.Status, run.Error?.Message), Is.EqualTo((RunStatus.Completed, (string?)null)));
        counts.AuditEntries = await services.GetRequiredService<AuditLog>().ReadAsync(run.Id, 0, Cancel).CountAsync(Cancel);
        return (run, counts);
    }
}
