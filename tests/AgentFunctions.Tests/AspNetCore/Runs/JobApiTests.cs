using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Jobs;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Views;

namespace AgentFunctions.Tests.AspNetCore.Runs;

/// <summary>Actions on several runs in the background: accepted at once, with what came of each run.</summary>
[CancelAfter(300_000)]
internal sealed class JobApiTests
{
    [Test]
    public async Task Bulk_InTheBackground_IsAcceptedAndSaysWhatCameOfEach(CancellationToken cancellationToken)
    {
        await using ApiHost host = await ApiHost.StartAsync(static _ => ChatReply.Say("done"));
        string[] runs = [await host.SubmitAsync(new { goal = "x" }), await host.SubmitAsync(new { goal = "y" })];
        foreach (string run in runs)
        {
            await host.WaitAsync(run);
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs/bulk")
        {
            Content = JsonContent.Create(new { action = "delete", ids = runs.Append("none"), reason = "test" }),
        };
        request.Headers.Add("Prefer", "respond-async");
        using HttpResponseMessage accepted = await host.Client.SendAsync(request, cancellationToken);
        string address = accepted.Headers.Location!.ToString();
        Assert.That((accepted.StatusCode, accepted.Headers.GetValues("Preference-Applied").Single()),
            Is.EqualTo((HttpStatusCode.Accepted, "respond-async")));
        Assert.That((await accepted.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("total").GetInt32(),
            Is.EqualTo(3));

        JsonElement job = await Poll.ForAsync(
            () => host.Client.GetFromJsonAsync<JsonElement>(address, cancellationToken),
            static read => read.GetProperty("endedAt").ValueKind != JsonValueKind.Null, cancellationToken);
        Assert.That((job.GetProperty("done").GetInt32(), job.GetProperty("failed").GetInt32(), job.GetProperty("by").GetString()),
            Is.EqualTo((2, 1, "local")));
        Assert.That(
            job.GetProperty("items").EnumerateArray()
                .Select(static item => (item.GetProperty("id").GetString(), item.GetProperty("ok").GetBoolean())),
            Is.EqualTo(new[] { (runs[0], true), (runs[1], true), ("none", false) }));
        Assert.That(job.GetProperty("items")[2].GetProperty("code").GetString(), Is.EqualTo("runNotFound"));
        foreach (string run in runs)
        {
            await Poll.UntilAsync(
                async () => (await host.Client.GetAsync($"/api/runs/{run}", cancellationToken)).StatusCode == HttpStatusCode.Gone,
                cancellationToken);
        }
    }

    [Test]
    public async Task Job_OfManyRuns_TakesSeveralExecutions(CancellationToken cancellationToken)
    {
        await using ApiHost host = await ApiHost.StartAsync(static _ => ChatReply.Say("done"));
        string[] none = [.. Enumerable.Range(0, 1_200).Select(static i => $"none{i}")];
        RunJob job = await host.Get<RunJobs>()
            .StartAsync(RunsAction.Pause, none, new Caller("ada") { Roles = [CallerRoles.Operator] }, null, cancellationToken);

        job = await Poll.ForAsync(
            () => host.Get<RunJobs>().GetAsync(job.Id, new Caller("ada"), cancellationToken),
            static read => read.EndedAt is not null, cancellationToken);
        Assert.That((job.Done, job.Faults.Count), Is.EqualTo((1_200, 1_200)));
        Assert.That(
            async () => await host.Get<RunJobs>().GetAsync(job.Id, new Caller("bo"), cancellationToken),
            Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.InstanceNotFound));
    }

    [Test]
    public async Task Step_DeliveredAgain_LeavesWhatAPersonDidMeanwhile(CancellationToken cancellationToken)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ApiHost host = await ApiHost.StartAsync(
            _ => ChatReply.Say("done") with { Before = token => gate.Task.WaitAsync(token) });
        string run = await host.SubmitAsync(new { goal = "x" });
        var context = new ActivityContext("job.one", StepNames.ActOnRuns, 1, cancellationToken);
        RunActs acts = host.Get<RunActs>();
        Assert.That(await acts.RunAsync(context, InputOf(RunsAction.Pause)), Is.Empty);
        await host.Get<RunSteering>().ResumeAsync(run, new Caller("bo") { Roles = [CallerRoles.Operator] },
            cancellationToken: cancellationToken);

        Assert.That(await acts.RunAsync(context, InputOf(RunsAction.Pause)), Is.Empty);
        Assert.That((await host.Get<RunReader>().GetAsync(run, cancellationToken)).Status, Is.EqualTo(RunStatus.Running));

        // What was done is no failure when it is delivered again.
        context = context with { InstanceId = "job.two" };
        Assert.That(await acts.RunAsync(context, InputOf(RunsAction.Cancel)), Is.Empty);
        await Poll.UntilAsync(
            async () => (await host.Get<RunReader>().GetAsync(run, cancellationToken)).IsEnded, cancellationToken);
        Assert.That(await acts.RunAsync(context, InputOf(RunsAction.Cancel)), Is.Empty);
        gate.SetResult();

        RunsInput InputOf(RunsAction action) => new(action, [run], "ada", [CallerRoles.Operator]);
    }

    [TestCase("wait=5")]
    [TestCase(null)]
    public async Task Bulk_WithoutThatPreference_IsAnsweredWhenItIsDone(string? preference)
    {
        await using ApiHost host = await ApiHost.StartAsync(static _ => ChatReply.Say("done"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs/bulk")
        {
            Content = JsonContent.Create(new { action = "pause", ids = new[] { "none" } }),
        };
        if (preference is not null)
        {
            request.Headers.Add("Prefer", preference);
        }

        using HttpResponseMessage answer = await host.Client.SendAsync(request);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("failed").GetInt32(), Is.EqualTo(1));
    }
}
