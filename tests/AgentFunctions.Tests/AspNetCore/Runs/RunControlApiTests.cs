using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.AspNetCore.Runs;

[CancelAfter(300_000)]
internal sealed class RunControlApiTests
{
    private static readonly AgentTool Echo = AgentTool.Create("echo", "Repeats a text.", ToolEffect.None, (string text) => text);

    [Test]
    public async Task Budget_GrantedOverHttp_LetsARunGoOnThatItsBudgetEnded()
    {
        await using ApiHost host = await ApiHost.StartAsync(
            request => request.Tools.Count == 0 ? ChatReply.Say("so far") : request.Index < 6
                ? ChatReply.Call("echo", new { text = "x" })
                : ChatReply.Say("done"), [Echo]);
        string id = await host.SubmitAsync(new { goal = "x", budget = new { steps = 4 } });
        JsonElement ended = await host.WaitAsync(id);
        Assert.That((Text(ended, "status"), Text(ended.GetProperty("error"), "code")),
            Is.EqualTo(("budgetExhausted", "stepLimitReached")));
        Assert.That(ended.GetProperty("budget").GetProperty("left").GetProperty("steps").GetInt32(), Is.Zero);

        JsonElement granted = await host.PostAsync(id, "budget", new { steps = 40, wallClock = "PT1H" }, HttpStatusCode.Accepted);
        JsonElement run = await host.WaitAsync(id);

        Assert.That(Text(granted, "id"), Is.EqualTo(id));
        Assert.That((Text(run, "status"), run.GetProperty("budget").GetProperty("granted").GetProperty("steps").GetInt32()),
            Is.EqualTo(("completed", 44)));
    }

    [Test]
    public async Task Tree_OverHttp_IsTheRunAndWhatIsBelowIt()
    {
        await using ApiHost host = await ApiHost.StartAsync(_ => ChatReply.Say("done"));
        string id = await host.SubmitAsync(new { goal = "x" });
        await host.WaitAsync(id);

        JsonElement tree = await host.Client.GetFromJsonAsync<JsonElement>($"/api/runs/{id}/tree");

        Assert.That((Text(tree, "id"), Text(tree, "status"), tree.GetProperty("steps").GetInt32()),
            Is.EqualTo((id, "completed", 1)));
        Assert.That(tree.GetProperty("children").GetArrayLength(), Is.Zero);
    }

    [TestCase("budget", "{}", HttpStatusCode.BadRequest)]
    [TestCase("budget", "{\"steps\": 0}", HttpStatusCode.BadRequest)]
    [TestCase("budget", "{\"stepz\": 1}", HttpStatusCode.BadRequest)]
    [TestCase("budget", "{\"wallClock\": \"5 hours\"}", HttpStatusCode.BadRequest)]
    [TestCase("messages", "{}", HttpStatusCode.BadRequest)]
    [TestCase("messages", "{\"text\": \" \"}", HttpStatusCode.BadRequest)]
    [TestCase("messages", "{\"text\": 3}", HttpStatusCode.BadRequest)]
    [TestCase("fork", "{\"turn\": -1}", HttpStatusCode.BadRequest)]
    [TestCase("fork", "{\"turn\": 100}", HttpStatusCode.BadRequest)]
    [TestCase("fork", "{\"tools\": [\"nothing\"]}", HttpStatusCode.Conflict)]
    [TestCase("fork", "{\"model\": \"nobody\"}", HttpStatusCode.Conflict)]
    [TestCase("pause", "", HttpStatusCode.Conflict)]
    [TestCase("resume", "", HttpStatusCode.Conflict)]
    public async Task Post_WhatCannotBe_IsAProblemAndChangesNothing(string verb, string body, HttpStatusCode status)
    {
        await using ApiHost host = await ApiHost.StartAsync(_ => ChatReply.Say("done"));
        string id = await host.SubmitAsync(new { goal = "x" });
        await host.WaitAsync(id);

        using HttpResponseMessage response = await host.Client.PostAsync(
            $"/api/runs/{id}/{verb}", new StringContent(body, Encoding.UTF8, "application/json"));
        using HttpResponseMessage unknown = await host.Client.PostAsync(
            "/api/runs/nobody/" + verb,
            new StringContent(verb == "budget" ? "{\"steps\": 1}" : verb == "messages" ? "{\"text\": \"x\"}" : "{}",
                Encoding.UTF8, "application/json"));

        Assert.That(response.StatusCode, Is.EqualTo(status), await response.Content.ReadAsStringAsync());
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
        Assert.That(unknown.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(host.Model.Count, Is.EqualTo(1));
    }

    [Test]
    public async Task PauseMessageResume_OverHttp_SteerALiveRun()
    {
        var begun = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        AgentTool hold = AgentTool.Create("hold", "Waits.", ToolEffect.None, async () =>
        {
            begun.TrySetResult();
            await go.Task;
        });
        await using ApiHost host = await ApiHost.StartAsync(
            request => request.Index == 0 ? ChatReply.Call("hold", new { }) : ChatReply.Say(request.Last("user")), [hold]);
        string id = await host.SubmitAsync(new { goal = "x" });
        await begun.Task;

        JsonElement paused = await host.PostAsync(id, "pause", null, HttpStatusCode.Accepted);
        await host.PostAsync(id, "messages", new { text = "Look left." }, HttpStatusCode.Accepted);
        go.SetResult();
        await host.PostAsync(id, "resume", null, HttpStatusCode.Accepted);
        JsonElement run = await host.WaitAsync(id);

        Assert.That(Text(paused, "status"), Is.EqualTo("paused"));
        Assert.That(Text(run.GetProperty("result"), "text"), Is.EqualTo("Look left."));
    }

    [Test]
    public async Task Fork_OverHttp_StartsALinkedRun()
    {
        await using ApiHost host = await ApiHost.StartAsync(request => ChatReply.Say(request.Last("user")));
        string id = await host.SubmitAsync(new
        {
            goal = "x",
            acceptance = new { criteria = "y", judge = new { rubric = "z" }, maxAttempts = 1 }
        });
        await host.WaitAsync(id);

        using HttpResponseMessage response = await host.Client.PostAsJsonAsync(
            $"/api/runs/{id}/fork", new { turn = 1, instructions = "Be brief.", message = "Again." });
        JsonElement fork = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That(response.Headers.Location?.ToString(), Is.EqualTo($"/api/runs/{Text(fork, "id")}"));
        Assert.That(fork.GetProperty("forkedFrom").GetRawText(), Is.EqualTo($$"""{"run":"{{id}}","turn":1}"""));
        Assert.That(fork.GetProperty("acceptance").GetProperty("judge").GetProperty("rubric").GetString(), Is.EqualTo("z"));
        await host.WaitAsync(Text(fork, "id"));
    }

    [TestCase("""{"turn":1}""", HttpStatusCode.Conflict,
        Description = "the folder goes back by default, and this host keeps none")]
    [TestCase("""{"turn":1,"files":false}""", HttpStatusCode.Accepted, Description = "the conversation goes back by default")]
    [TestCase("""{"turn":1,"files":false,"conversation":false}""", HttpStatusCode.BadRequest)]
    public async Task Rewind_WhatIsLeftOut_GoesBack(string body, HttpStatusCode status)
    {
        await using ApiHost host = await ApiHost.StartAsync(_ => ChatReply.Say("done"));
        string id = await host.SubmitAsync(new { goal = "x" });
        await host.WaitAsync(id);

        using HttpResponseMessage response = await host.Client.PostAsync(
            $"/api/runs/{id}/rewind", new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.That(response.StatusCode, Is.EqualTo(status), await response.Content.ReadAsStringAsync());
    }

    [Test]
    public async Task OpenApi_DescribesTheSteeringAndTheAcceptance()
    {
        await using ApiHost host = await ApiHost.StartAsync(_ => ChatReply.Say("done"));

        JsonElement document = await host.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json");

        JsonElement paths = document.GetProperty("paths");
        Assert.That(
            new[] { "cancel", "pause", "resume", "messages", "budget",
                "fork" }.Select(verb => paths.GetProperty($"/api/runs/{{id}}/{verb}").GetProperty("post")
                    .GetProperty("operationId").GetString()),
            Is.EqualTo(new[] { "cancelRun", "pauseRun", "resumeRun", "sendMessage", "grantBudget", "forkRun" }));
        Assert.That(document.GetProperty("components").GetRawText(), Does.Contain("maxAttempts").And.Contain("rubric"));
    }

    private static string Text(JsonElement value, string name) => value.GetProperty(name).GetString()!;
}
