using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>Dialogues that a client of chat completions has had with other models before it comes here.</summary>
[CancelAfter(300_000)]
internal sealed class ChatHistoryTests
{
    [TestCase("v1/chat/completions",
        """
        {"model":"worker","messages":[{"role":"system","content":[{"type":"text","text":"Be kind."}]},
        {"role":"user","content":"How warm is it?"},
        {"role":"assistant","content":null,"tool_calls":[{"id":"call_abc","type":"function",
        "function":{"name":"get_weather","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"call_abc","content":"18 degrees"}]}
        """)]
    [TestCase("v1/responses",
        """
        {"model":"worker","instructions":"Be kind.","input":[{"role":"user","content":"How warm is it?"},
        {"type":"function_call","call_id":"call_abc","name":"get_weather","arguments":"{}"},
        {"type":"function_call_output","call_id":"call_abc","output":"18 degrees"}]}
        """)]
    public async Task Dialogue_WithCallsOfAnotherModel_BeginsARunThatKnowsThem(
        string address, string body, CancellationToken cancellationToken)
    {
        await using ApiHost host = await DoorHost.StartAsync(static _ => ChatReply.Say("It is warm."), []);

        using HttpResponseMessage response = await host.Client.PostAsJsonAsync(
            address, JsonElement.Parse(body), cancellationToken);

        string told = await response.Content.ReadAsStringAsync(cancellationToken);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), told);
        Assert.That(told, Does.Contain("It is warm."));
        ChatRequest asked = host.Model.Requests[0];
        Assert.That(asked.Says("How warm is it?") && asked.Says("18 degrees"));
        Assert.That(asked.Says("""heed:\nBe kind."""), "the words of the instructions, and not their JSON");
    }

    [Test]
    public async Task Dialogue_ThatWentOnElsewhere_IsHistoryAsAWhole(CancellationToken cancellationToken)
    {
        await using ApiHost host = await DoorHost.StartAsync(static _ => ChatReply.Say("It is warm."), []);
        using HttpResponseMessage first = await host.Client.PostAsJsonAsync(
            "api/runs", new { goal = "Look." }, cancellationToken);
        string run = (await first.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;

        using HttpResponseMessage next = await host.Client.PostAsJsonAsync(
            "v1/responses",
            new
            {
                model = "worker",
                input = new object[]
                {
                    new { role = "user", content = "Look." },
                    new { type = "function_call_output", call_id = $"{run}/1/0", output = "seen here" },
                    new { role = "user", content = "How warm is it?" },
                    new { type = "function_call_output", call_id = "call_abc", output = "18 degrees" },
                },
            },
            cancellationToken);

        Assert.That(next.StatusCode, Is.EqualTo(HttpStatusCode.OK), await next.Content.ReadAsStringAsync(cancellationToken));
        ChatRequest asked = host.Model.Requests[^1];
        Assert.That(asked.Says("seen here") && asked.Says("How warm is it?") && asked.Says("18 degrees"));
    }

    [Test]
    public async Task Result_OfACallOfAnotherModelForADialogueOfThisHost_IsRefused(CancellationToken cancellationToken)
    {
        await using ApiHost host = await DoorHost.StartAsync(static _ => ChatReply.Say("It is warm."), []);
        using HttpResponseMessage first = await host.Client.PostAsJsonAsync(
            "v1/responses", new { model = "worker", input = "How warm is it?" }, cancellationToken);
        string id = (await first.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;

        using HttpResponseMessage next = await host.Client.PostAsJsonAsync(
            "v1/responses",
            new
            {
                model = "worker",
                previous_response_id = id,
                input = new[] { new { type = "function_call_output", call_id = "call_abc", output = "18" } },
            },
            cancellationToken);

        Assert.That(next.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await next.Content.ReadAsStringAsync(cancellationToken), Does.Contain("belongs to another response"));
    }
}
