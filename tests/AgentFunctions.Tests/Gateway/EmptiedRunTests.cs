using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Gateway;

/// <summary>A run whose content retention has deleted has nothing to go on from, and does its work no second time.</summary>
[CancelAfter(300_000)]
internal sealed class EmptiedRunTests
{
    private static readonly AgentTool Echo = AgentTool.Create("echo", "Repeats a text.", ToolEffect.None, (string text) => text);

    [Test]
    public async Task Failed_ContentIsGone_IsNeitherResumedSpokenToNorForked(CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(
            static request => request.Index == 0
                ? ChatReply.Call("echo", new { text = "paid" })
                : ChatReply.Error(401, "Incorrect API key provided", "invalid_api_key"), [Echo]);
        Run run = await host.RunAsync();
        await EmptyAsync(host, run.Id, cancellationToken);
        int asked = host.Model.Count;

        Func<Task>[] acts =
        [
            () => host.Steering.ResumeAsync(run.Id, Caller.Local, "k", cancellationToken),
            () => host.Steering.ResumeAsync(run.Id, Caller.Local, "k", cancellationToken),
            () => host.Steering.SendAsync(run.Id, "Go on.", cancellationToken: cancellationToken),
            () => host.Get<RunForking>().ForkAsync(run.Id, new ForkRequest { Turn = 1 }, cancellationToken: cancellationToken),
            () => host.Get<RunForking>().ForkAsync(run.Id, new ForkRequest { Turn = 0 }, cancellationToken: cancellationToken),
        ];
        foreach (Func<Task> act in acts)
        {
            AgentException refusal = Assert.ThrowsAsync<AgentException>(() => act())!;
            Assert.That((refusal.Code, refusal.Message), Is.EqualTo((ErrorCode.RunStateForbids, refusal.Message)));
            Assert.That(refusal.Message, Does.Contain("were erased").And.Contain("Submit a new run"));
        }

        Assert.That(host.Model.Count, Is.EqualTo(asked));
        Assert.That((await host.Reader.GetAsync(run.Id, cancellationToken)).Status, Is.EqualTo(RunStatus.Failed));
    }

    [Test]
    public async Task Message_ContentGoesMeanwhile_DoesNotTakeTheRunUp(CancellationToken cancellationToken)
    {
        var meanwhile = new Interruption();
        await using RunHost host = await RunHost.StartAsync(meanwhile.Install, static _ => ChatReply.Say("done"));
        Run run = await host.RunAsync();
        meanwhile.Before("append inboxes/", () => host.Get<IRecordStore>()
            .PutAsync(EmptiedRuns.KeyOf(run.Id), EmptiedRuns.Write(DateTimeOffset.UnixEpoch), default, cancellationToken));

        Assert.That(() => host.Steering.SendAsync(run.Id, "Go on.", cancellationToken: cancellationToken),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.RunStateForbids));
        Assert.That((await host.Get<IOrchestrationClient>().GetAsync(run.Id, false, cancellationToken))!.IsEnded, Is.True);
        Assert.That(host.Model.Count, Is.EqualTo(1));
    }

    [Test]
    public async Task Fork_ContentGoesMeanwhile_IsRefused(CancellationToken cancellationToken)
    {
        var meanwhile = new Interruption();
        await using RunHost host = await RunHost.StartAsync(meanwhile.Install, static _ => ChatReply.Say("done"));
        Run run = await host.RunAsync();
        meanwhile.Before("append transcripts/", () => EmptyAsync(host, run.Id, cancellationToken));

        Assert.That(
            () => host.Get<RunForking>().ForkAsync(run.Id, new ForkRequest(), cancellationToken: cancellationToken),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.RunStateForbids));
        Assert.That(host.Model.Count, Is.EqualTo(1));
    }

    [Test]
    public async Task Content_RunIsTakenUpMeanwhile_Stays(CancellationToken cancellationToken)
    {
        var meanwhile = new Interruption();
        var answer = new TaskCompletionSource();
        await using RunHost host = await RunHost.StartAsync(
            meanwhile.Install,
            request => ChatReply.Say("done") with { Before = _ => request.Index == 0 ? Task.CompletedTask : answer.Task });
        Run run = await host.RunAsync();
        meanwhile.Before("put emptied/",
            () => host.Steering.SendAsync(run.Id, "Go on.", cancellationToken: cancellationToken));

        EraseReport outcome = await EmptyAsync(host, run.Id, cancellationToken);
        answer.SetResult();
        Run again = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(outcome.Refused, Does.Contain("is alive"));
        Assert.That((again.Status, again.Turns, again.ContentErasedAt),
            Is.EqualTo((RunStatus.Completed, 2, (DateTimeOffset?)null)));
        Assert.That(await host.TranscriptAsync(run.Id), Is.Not.Empty);
        Assert.That((await EmptyAsync(host, run.Id, cancellationToken)).Refused, Is.Null, "once it has ended, it is due again");
    }

    /// <summary>Deletes the content of a run, as retention does.</summary>
    private static async Task<EraseReport> EmptyAsync(RunHost host, string id, CancellationToken cancellationToken)
    {
        await host.Get<RunErasure>().ScheduleAsync(id, ErasePhases.OfContent, "short", cancellationToken);
        OrchestrationState state = await host.Get<IOrchestrationClient>()
            .WaitForCompletionAsync(EraseFlow.InstanceIdOf(id), cancellationToken);
        return DurableJson.Deserialize<EraseReport>(state.Output)!;
    }
}
