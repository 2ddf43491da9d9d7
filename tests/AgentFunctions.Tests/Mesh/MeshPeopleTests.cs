using System.Net;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Mesh;
using AgentFunctions.Notifications;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.AspNetCore;
using AgentFunctions.Tests.AspNetCore.Doors;
using AgentFunctions.Views;

namespace AgentFunctions.Tests.Mesh;

/// <summary>Tasks of other hosts that wait for people there, and hosts that tell what becomes of a task.</summary>
[CancelAfter(300_000)]
internal sealed class MeshPeopleTests
{
    private static readonly Caller Boss = new("boss") { Roles = [CallerRoles.Approver, CallerRoles.Viewer] };

    [Test]
    public async Task Task_ThatWaitsForPeopleThere_IsAQuestionHereUntilItGoesOn(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using ApiHost other = await OtherAsync(folder);
        await using ApiHost host = await MeshHosts.StartAsync(static request => MeshHosts.Lead(request, "helper", "Send it."));
        await KnowAsync(host, other, cancellationToken);
        Run run = await SubmitAsync(host, cancellationToken);

        Question asked = await AskedAsync(host, run.Id, cancellationToken);
        await Poll.UntilAsync(
            async () => (await host.Get<RunReader>().GetAsync(run.Id, cancellationToken)).Status == RunStatus.Waiting,
            cancellationToken);
        Approval open = await OpenAsync(other, cancellationToken);
        await other.Get<ApprovalService>().DecideAsync(open.Id, Boss, true, null, null, cancellationToken);
        Run ended = await host.Get<RunReader>().WaitForEndAsync(run.Id, cancellationToken);
        Question settled = await host.Get<QuestionService>().GetAsync(asked.Id, null, cancellationToken);

        Assert.That(asked.Server, Is.EqualTo("helper"));
        Assert.That(asked.Text, Does.Contain("on another host").And.Contain("approver").And.Contain(open.Id));
        Assert.That(ended.Result?.Text, Does.Contain("It was sent."), ended.Error?.Message);
        Assert.That(settled.State, Is.EqualTo(QuestionState.Withdrawn));
    }

    [Test]
    public async Task Task_ThatWaitsForPeopleThere_IsCancelledByAPersonHere(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using ApiHost other = await OtherAsync(folder);
        await using ApiHost host = await MeshHosts.StartAsync(
            static request => MeshHosts.Lead(request, "helper", "Send it."));
        await KnowAsync(host, other, cancellationToken);
        Run run = await SubmitAsync(host, cancellationToken);
        Question asked = await AskedAsync(host, run.Id, cancellationToken);
        string theirs = (await OpenAsync(other, cancellationToken)).RunId;

        await host.Get<QuestionService>().AnswerAsync(
            asked.Id, Caller.Local, System.Text.Json.JsonElement.Parse("""{"answer":"Cancel the task"}"""), cancellationToken);

        Run ended = await host.Get<RunReader>().WaitForEndAsync(run.Id, cancellationToken);
        Run cancelled = await other.Get<RunReader>().WaitForEndAsync(theirs, cancellationToken);
        Assert.That(ended.Result?.Text, Does.Contain("A person here had the task"), ended.Error?.Message);
        Assert.That(cancelled.Status, Is.EqualTo(RunStatus.Cancelled));
    }

    [Test]
    public async Task Task_ThatEnds_WakesTheCallThatWaitsForIt(CancellationToken cancellationToken)
    {
        var work = new TaskCompletionSource();
        await using ApiHost other =
            await MeshHosts.StartAsync(_ => ChatReply.Say("At last.") with { Before = token => work.Task.WaitAsync(token) });
        await using ApiHost host = await MeshHosts.StartAsync(
            static request => MeshHosts.Lead(request, "helper", "Take your time."), ("Mesh:PollInterval", "01:00:00"));
        host.Get<PublicAddress>().Base = host.Client.BaseAddress!.ToString();
        host.Know("helper", other.Client.BaseAddress!);
        Run run = await SubmitAsync(host, cancellationToken);
        await Poll.UntilAsync(
            async () => (await host.Get<RunReader>().GetAsync(run.Id, cancellationToken)).Status == RunStatus.Waiting,
            cancellationToken);
        StoredRecord kept = await host.Get<IRecordStore>().ListAsync($"mesh-calls/{run.Id}/", null, cancellationToken)
            .SingleAsync(cancellationToken);
        string secret = System.Text.Json.JsonElement.Parse(kept.Value.Span).GetProperty("wake").GetString()!;

        foreach (string address in (string[])[$"{run.Id}/1/0/{new string('0', secret.Length)}", $"{run.Id}/1/1/{secret}",
            $"x/1/0/{secret}"])
        {
            using HttpResponseMessage refused =
                await host.Client.PostAsync(new Uri($"{MeshWaker.Path}/{address}", UriKind.Relative), null, cancellationToken);
            Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.NotFound), address);
        }

        using HttpResponseMessage early = await host.Client.PostAsync(
            new Uri($"{MeshWaker.Path}/{run.Id}/1/0/{secret}", UriKind.Relative), null, cancellationToken);
        work.SetResult();
        Run ended = await host.Get<RunReader>().WaitForEndAsync(run.Id, cancellationToken);
        using HttpResponseMessage late = await host.Client.PostAsync(
            new Uri($"{MeshWaker.Path}/{run.Id}/1/0/{secret}", UriKind.Relative), null, cancellationToken);

        Assert.That(ended.Result?.Text, Does.Contain("At last."), "nobody has looked for an hour");
        Assert.That((early.StatusCode, late.StatusCode), Is.EqualTo((HttpStatusCode.NoContent, HttpStatusCode.NotFound)));
    }

    private static Task<ApiHost> OtherAsync(TemporaryFolder folder) => MeshHosts.StartAsync(
        static request => request.Turn == 0 ? ChatReply.Call("send", new { }) : ChatReply.Say($"It was {request.Results[^1]}."),
        DoorHost.WithApproval(folder), DoorHost.WithKey);

    private static async Task KnowAsync(ApiHost host, ApiHost other, CancellationToken cancellationToken)
    {
        (string anna, _) = await other.AddCallersAsync(cancellationToken);
        host.Know("helper", other.Client.BaseAddress!, configure: agent => agent.Headers["Authorization"] = $"Bearer {anna}");
    }

    private static Task<Run> SubmitAsync(ApiHost host, CancellationToken cancellationToken) =>
        host.Get<AgentGateway>().SubmitAsync(
        new RunRequest { Agent = "lead", Goal = "Ask." }, Caller.Local, null, cancellationToken);

    private static async Task<Question> AskedAsync(ApiHost host, string run, CancellationToken cancellationToken) =>
        (await Poll.ForAsync(
        () => host.Get<QuestionService>().ListOfTreeAsync(run, null, cancellationToken),
        static open => open.Count > 0, cancellationToken))[0];

    private static async Task<Approval> OpenAsync(ApiHost other, CancellationToken cancellationToken)
    {
        string theirs = (await other.Get<RunReader>().ListPageAsync(new RunFilter(), 10, cancellationToken)).Items.Single().Id;
        return (await other.Get<ApprovalService>().ListOfTreeAsync(theirs, null, cancellationToken)).Single();
    }
}
