using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Api;

/// <summary>The real program with a real data folder and a real HTTP model, seen through its API.</summary>
[CancelAfter(300_000)]
internal sealed class RunLifecycleTests
{
    private readonly TaskCompletionSource _heldModelAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TemporaryFolder _folder = null!;
    private OpenAIProtocolServer _model = null!;
    private ProgramProcess _server = null!;
    private HttpClient _http = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _folder = new TemporaryFolder();
        _model = await OpenAIProtocolServer.StartAsync(Script);
        _server = ProgramProcess.Start(
            _model, _folder.Path, "serve", "--urls", "http://127.0.0.1:0", "--data", _folder.Folder("data"));
        string line = await _server.LineAsync(line => line.StartsWith("Listening on ", StringComparison.Ordinal));
        _http = new HttpClient { BaseAddress = new Uri(line["Listening on ".Length..]) };
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
        await _model.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Submit_AGoal_RunsItToItsResult()
    {
        using HttpResponseMessage submitted =
            await _http.SubmitAsync("""{"goal":"write a note","labels":{"team":"payments"},"acceptance":"it is there"}""");
        JsonNode accepted = await submitted.JsonAsync();
        Assert.That(submitted.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That(submitted.Headers.Location!.OriginalString, Is.EqualTo((string)accepted["links"]!["self"]!));
        Assert.That(submitted.Headers.RetryAfter, Is.Not.Null);

        List<SseItem<string>> events = await EventsAsync((string)accepted["id"]!);
        Assert.That(events[0].EventType, Is.EqualTo("run.submitted"));
        Assert.That(events[^1].EventType, Is.EqualTo("run.ended"));
        Assert.That(events.Select(e => e.EventId), Is.EqualTo(Enumerable.Range(0, events.Count).Select(i => $"{i}")));

        JsonNode run = await _http.GetJsonAsync((string)accepted["links"]!["self"]!);
        Assert.That((string?)run["status"], Is.EqualTo("completed"));
        Assert.That((string?)run["result"]!["text"], Is.EqualTo("The note is written."));
        Assert.That((int)run["turns"]!, Is.EqualTo(2));
        Assert.That((int)run["steps"]!, Is.EqualTo(3));
        Assert.That((bool)run["rehearsal"]!, Is.False);
        Assert.That((string?)run["labels"]!["team"], Is.EqualTo("payments"));
        Assert.That((string?)run["acceptance"], Is.EqualTo("it is there"));
        Assert.That((string?)run["createdAt"], Does.EndWith("Z"));
        Assert.That(run.AsObject().ContainsKey("parent") && run["parent"] is null);
    }

    [Test]
    public async Task Events_ResumedAtEveryPosition_YieldExactlyTheRest()
    {
        string id = await _http.SubmitGoalAsync("write a note");
        List<SseItem<string>> all = await EventsAsync(id);
        for (int last = 0; last < all.Count; last++)
        {
            List<SseItem<string>> rest = await EventsAsync(id, $"{last}");
            Assert.That(rest.Select(e => (e.EventId, e.Data)), Is.EqualTo(all.Skip(last + 1).Select(e => (e.EventId, e.Data))),
                $"after {last}");
        }

        JsonArray asArray = (await _http.GetJsonAsync($"/api/runs/{id}/events?follow=false")).AsArray();
        Assert.That(asArray.Select(e => e!.ToJsonString()), Is.EqualTo(all.Select(e => JsonNode.Parse(e.Data)!.ToJsonString())));
        JsonArray after = (await _http.GetJsonAsync($"/api/runs/{id}/events?follow=false&after=1")).AsArray();
        Assert.That((long)after[0]!["position"]!, Is.EqualTo(2));
    }

    [Test]
    public async Task Events_ConnectionCutAgainAndAgainWhileTheRunIsAtWork_NeitherLosesNorRepeatsOne()
    {
        string id = await _http.SubmitGoalAsync("write twenty notes");
        var seen = new List<string>();
        bool more = true;
        while (more)
        {
            more = false;
            await foreach (SseItem<string> e in _http.FollowAsync(id, seen.LastOrDefault()))
            {
                seen.Add(e.EventId!);
                more = true;
                Assert.That(seen, Is.Unique);
                if (seen.Count % 3 == 0)
                {
                    break;
                }
            }
        }

        JsonArray all = (await _http.GetJsonAsync($"/api/runs/{id}/events?follow=false")).AsArray();
        Assert.That(all, Has.Count.GreaterThan(60));
        Assert.That(seen, Is.EqualTo(all.Select(e => $"{(long)e!["position"]!}")));
    }

    [Test]
    public async Task Events_AfterTheLastOneOfAnEndedRun_AnswerNoContent()
    {
        string id = await _http.SubmitGoalAsync("write a note");
        List<SseItem<string>> all = await EventsAsync(id);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/runs/{id}/events");
        request.Headers.Add("Last-Event-ID", all[^1].EventId);
        using HttpResponseMessage response = await _http.SendAsync(request);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
    }

    [Test]
    public async Task Transcript_ReadPageByPage_IsWhatOnePageShows()
    {
        string id = await _http.SubmitGoalAsync("write twenty notes");
        await _http.EndAsync(id);
        JsonNode whole = await _http.GetJsonAsync($"/api/runs/{id}/transcript?limit=200");
        var pages = new List<string>();
        for (long? from = 0; from is not null;)
        {
            JsonNode page = await _http.GetJsonAsync($"/api/runs/{id}/transcript?from={from}&limit=7");
            pages.AddRange(page["messages"]!.AsArray().Select(message => message!.ToJsonString()));
            from = (long?)page["next"];
        }

        Assert.That(whole["next"], Is.Null);
        Assert.That(pages, Is.EqualTo(whole["messages"]!.AsArray().Select(message => message!.ToJsonString())));
        JsonNode call = whole["messages"]!.AsArray().First(message => (string?)message!["role"] == "assistant")!["contents"]![0]!;
        Assert.That((string?)call["type"], Is.EqualTo("toolCall"));
        Assert.That((string?)call["arguments"]!["path"], Is.EqualTo("note-0.txt"));
    }

    [Test]
    public async Task Cancel_WhileTheModelIsAsked_EndsTheRun()
    {
        string id = await _http.SubmitGoalAsync("wait for ever");
        await _heldModelAsked.Task.WaitAsync(TestContext.CurrentContext.CancellationToken);
        using HttpResponseMessage cancelled = await _http.PostAsync($"/api/runs/{id}/cancel",
            Call.Json("""{"reason":"no longer needed"}"""));
        Assert.That(cancelled.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        JsonNode run = await _http.EndAsync(id);
        Assert.That((string?)run["status"], Is.EqualTo("cancelled"));

        using HttpResponseMessage again = await _http.PostAsync($"/api/runs/{id}/cancel", null);
        Assert.That(await again.ProblemAsync(409), Is.EqualTo("runStateForbids"));
    }

    [Test]
    public async Task Submit_TwentyTimesAtOnceUnderOneKey_IsOneRun()
    {
        const string body = """{"goal":"write a note","labels":{"test":"idempotency"}}""";
        HttpResponseMessage[] responses = await Task.WhenAll(Enumerable.Range(0, 20)
            .Select(_ => _http.SubmitAsync(body, "the-key")));
        var ids = new HashSet<string>();
        foreach (HttpResponseMessage response in responses)
        {
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
            ids.Add((string)(await response.JsonAsync())["id"]!);
            response.Dispose();
        }

        Assert.That(ids, Has.Count.EqualTo(1));
        JsonNode list = await _http.GetJsonAsync("/api/runs?label=test%3Didempotency");
        Assert.That(list["runs"]!.AsArray(), Has.Count.EqualTo(1));
        List<SseItem<string>> events = await EventsAsync(ids.Single());
        Assert.That(events.Count(e => e.EventType == "run.submitted"), Is.EqualTo(1));

        using HttpResponseMessage repeated = await _http.SubmitAsync(body, "the-key");
        Assert.That((string?)(await repeated.JsonAsync())["id"], Is.EqualTo(ids.Single()));
        using HttpResponseMessage other = await _http.SubmitAsync("""{"goal":"another"}""", "the-key");
        Assert.That(await other.ProblemAsync(409), Is.EqualTo("idempotencyKeyReused"));
    }

    [Test]
    public async Task List_PageByPage_ShowsEveryRunOnceNewestFirst()
    {
        var ids = new List<string>();
        for (int i = 0; i < 5; i++)
        {
            using HttpResponseMessage response = await _http.SubmitAsync("""{"goal":"write a note","labels":{"test":"list"}}""");
            ids.Insert(0, (string)(await response.JsonAsync())["id"]!);
        }

        var listed = new List<string>();
        string? after = "";
        while (after is not null)
        {
            JsonNode page = await _http.GetJsonAsync($"/api/runs?label=test&limit=2{(after.Length == 0 ? "" : $"&after={after}")}");
            listed.AddRange(page["runs"]!.AsArray().Select(run => run!).Where(run => (string?)run["labels"]!["test"] == "list")
                .Select(run => (string)run["id"]!));
            after = (string?)page["next"];
        }

        // Ids sort by the millisecond; within one the order is open.
        Assert.That(listed, Is.EquivalentTo(ids));
        Assert.That(listed, Is.Ordered.Using((IComparer<string>)StringComparer.Ordinal));
    }

    private async Task<List<SseItem<string>>> EventsAsync(string id, string? lastEventId = null) =>
        await _http.FollowAsync(id, lastEventId).ToListAsync();

    private ChatReply Script(ChatRequest request)
    {
        string goal = request.Messages.First(message => message.GetProperty("role").GetString() == "user").GetRawText();
        int notes = goal.Contains("twenty", StringComparison.Ordinal) ? 20 : 1;
        if (goal.Contains("for ever", StringComparison.Ordinal))
        {
            return ChatReply.Say("never said") with
            {
                Before = async cancellationToken =>
                {
                    _heldModelAsked.TrySetResult();
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                },
            };
        }

        return request.Turn < notes
            ? ChatReply.Call("write_file", new { path = $"note-{request.Turn}.txt", content = "a note" })
            : ChatReply.Say("The note is written.");
    }
}
