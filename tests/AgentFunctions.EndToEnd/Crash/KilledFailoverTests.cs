using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Crash;

/// <summary>
/// A run whose model gives no answers in the middle of it, so that another one goes on, on a server that is killed while that one
/// is asked.
/// </summary>
[CancelAfter(300_000)]
internal sealed class KilledFailoverTests
{
    private const int Turns = 6;
    private const int LastOfFirst = 1;
    private const int KilledAt = 3;

    [TestCase(false, TestName = "Run_EndpointDiesAndTheServerIsKilled_NoCallIsPaidTwice")]
    [TestCase(true, TestName = "Run_EndpointGetsSlowAndTheServerIsKilled_NoCallIsPaidTwice")]
    public async Task Run_FirstGivesNoAnswersAndTheServerIsKilled_NoCallIsPaidTwice(bool isSlow,
        CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        var isAsked = new TaskCompletionSource();
        var isKilled = new TaskCompletionSource();
        await using OpenAIProtocolServer first =
            await OpenAIProtocolServer.StartAsync(request => request.Turn <= LastOfFirst ? Answer(request)
            : isSlow ? ChatReply.Say("never") with { Before = static token => Task.Delay(Timeout.Infinite, token) }
            : new ChatReply { AbortAfterChunks = 0 });
        await using OpenAIProtocolServer spare =
            await OpenAIProtocolServer.StartAsync(request => request.Turn == KilledAt && !isKilled.Task.IsCompleted
            ? Answer(request) with
            {
                Before = token =>
                {
                    isAsked.TrySetResult();
                    return Task.Delay(Timeout.Infinite, token);
                },
            }
            : Answer(request));
        string id;
        await using (ProgramProcess server = Serve(folder, first, spare, isSlow))
        {
            using var http = new HttpClient { BaseAddress = await server.ListeningAsync() };
            using HttpResponseMessage response = await http.PostAsJsonAsync("/api/runs",
                new { goal = "Look.", budget = new { usd = 10 } }, cancellationToken);
            id = (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
            await isAsked.Task.WaitAsync(cancellationToken);
            await server.KillAsync();
            isKilled.SetResult();
        }

        await using ProgramProcess again = Serve(folder, first, spare, isSlow);
        using var client = new HttpClient { BaseAddress = await again.ListeningAsync() };
        JsonElement run = await Poll.ForAsync(
            () => client.GetFromJsonAsync<JsonElement>($"/api/runs/{id}", cancellationToken),
            static run => run.GetProperty("completedAt").ValueKind == JsonValueKind.String, cancellationToken);
        JsonElement[] events =
            (await client.GetFromJsonAsync<JsonElement[]>($"/api/runs/{id}/events?follow=false", cancellationToken))!;

        Assert.That(run.GetProperty("result").GetProperty("text").GetString(), Is.EqualTo("done"), run.ToString());
        JsonElement[] answered = [.. Of(events, "model.completed")];
        Assert.That(answered.Select(static e => e.GetProperty("turn").GetInt32()), Is.EqualTo(Enumerable.Range(1, Turns)));
        Assert.That(answered.Select(static e => e.GetProperty("model").GetString()),
            Is.EqualTo(new[] { "default", "default", "spare", "spare", "spare", "spare" }));
        Assert.That(Of(events, "model.switched").Single().GetProperty("text").GetString(),
            Does.StartWith("model 'spare' answers in place of 'default'"));
        // Each turn is answered once; only the call that the kill cut off was made again, and it was counted as lost.
        Assert.That(
            spare.Requests.Select(static request => request.Turn), Is.EqualTo(new[] { 2, KilledAt, KilledAt, 4, 5 }));
        decimal lost = Of(events, "model.lost").Sum(static e => e.GetProperty("usage").GetProperty("usd").GetDecimal());
        // The slow one is asked again after a pause, which a busy machine may let pass once more than an idle one does.
        int slow = isSlow ? first.Requests.Count(static request => request.Turn > LastOfFirst) : 0;
        Assert.That(slow, isSlow ? Is.AtLeast(2) : Is.Zero, "before the kill, and after it");
        Assert.That(Of(events, "model.lost").Count(), Is.EqualTo(slow + 1), "what a provider may charge for is counted");
        decimal others = run.GetProperty("usageOfOthers").GetProperty("spare").GetProperty("usd").GetDecimal();
        Assert.That(others, Is.EqualTo(4 * ((10 * 3) + (5 * 4)) / 1_000_000m));
        Assert.That(run.GetProperty("usage").GetProperty("usd").GetDecimal(),
            Is.EqualTo((2 * ((10 * 1) + (5 * 2)) / 1_000_000m) + others + lost));

        (int exit, string said, string errors) = await ProgramProcess.RunAsync(null, folder.Path, "explain", id, "--server",
            client.BaseAddress!.ToString());
        Assert.That(exit, Is.Zero, errors);
        Assert.That(said, Does.Contain($"run {id} is completed").And.Contain("because the model answered: done").And.Contain("(of that spare: 60 tokens"));
        Assert.That(said, Does.Contain("what led there:").And.Contain("model 'spare' answers in place of 'default'")
            .And.Contain(": no answer; the call counts as if it had consumed all that it could ["));
    }

    private static ChatReply Answer(ChatRequest request) => request.Turn < Turns - 1
        ? ChatReply.Call("list_files", new { path = "." })
        : ChatReply.Say("done");

    private static IEnumerable<JsonElement> Of(JsonElement[] events, string type) =>
        events.Where(e => e.GetProperty("type").GetString() == type);

    private static ProgramProcess Serve(TemporaryFolder folder, OpenAIProtocolServer first, OpenAIProtocolServer spare,
        bool isSlow) => ProgramProcess.Start(
        new Dictionary<string, string>
        {
            ["Models__default__Provider"] = "openai",
            ["Models__default__Endpoint"] = first.BaseUrl,
            ["Models__default__Key"] = "sk-first",
            ["Models__default__Model"] = "one",
            ["Models__default__Price__Input"] = "1",
            ["Models__default__Price__Output"] = "2",
            // An answer of a busy machine is no slow one: only one that never comes may take this long.
            ["Models__default__AttemptTimeout"] = isSlow ? "00:00:45" : "00:02:00",
            ["Models__default__MaxRetries"] = "0",
            ["Models__default__Fallback"] = "spare",
            ["Models__spare__Provider"] = "openai",
            ["Models__spare__Endpoint"] = spare.BaseUrl,
            ["Models__spare__Key"] = "sk-spare",
            ["Models__spare__Model"] = "two",
            ["Models__spare__Price__Input"] = "3",
            ["Models__spare__Price__Output"] = "4",
        },
        "serve", "--urls", "http://127.0.0.1:0", "--data", folder.Path);
}
