using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>What is kept of a dialogue whose client sends all of it with each request.</summary>
[CancelAfter(300_000)]
internal sealed class AgUiDialogueTests
{
    private const int Requests = 6;
    private const int Length = 60_000;

    [Test]
    public async Task Thread_WhoseDialogueGrowsLong_IsToldWholeAndKeptOnce(CancellationToken cancellationToken)
    {
        await using ApiHost host = await DoorHost.StartAsync(static _ => ChatReply.Say("Answered."), []);
        var dialogue = new JsonArray();
        for (int number = 0; number < Requests; number++)
        {
            dialogue.Add(Message($"m{number}", "user", $"Question {number}."));
            Assert.That(await SendAsync("/agui/worker", $"r{number}"), Does.Contain("RUN_FINISHED").And.Contain("Answered."));
            dialogue.Add(Message($"a{number}", "assistant", new string('x', Length)));
        }

        string connected = await SendAsync("/agui/worker/connect", "r");
        JsonElement last = connected.Split('\n').Where(static line => line.StartsWith("data: ", StringComparison.Ordinal))
            .Select(static line => JsonElement.Parse(line[6..]))
            .Last(static told => told.GetProperty("type").GetString() == "RUN_STARTED");
        (string?, int)[] told = [.. last.GetProperty("input").GetProperty("messages").EnumerateArray()
            .Select(static one => (one.GetProperty("id").GetString(), one.GetProperty("content").GetString()!.Length))
            .Where(static one => one.Item1 is ['m' or 'a', >= '0' and <= '9'])];
        Assert.That(told, Is.EqualTo(Enumerable.Range(0, Requests).SelectMany(static number =>
            ((string?, int)[])[($"m{number}", "Question 0.".Length), ($"a{number}", Length)]).SkipLast(1)));

        string run = (await host.Client.GetFromJsonAsync<JsonElement>("/api/runs", cancellationToken))
            .GetProperty("runs")[0].GetProperty("id").GetString()!;
        int kept = await host.Get<IRecordStore>().ListAsync($"exchanges/{run}/", null, cancellationToken)
            .Select(static record => record.Value.Length).SumAsync(cancellationToken);
        Assert.That(kept, Is.InRange((Requests - 1) * Length, Requests * Length), "each message is kept once");

        Task<string> SendAsync(string address, string request) =>
            AgUiDialogueTests.SendAsync(host, address, request, dialogue, [], cancellationToken);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Thread_WhoseFirstRequestACrashCutOff_GoesOn(bool isRepeated, CancellationToken cancellationToken)
    {
        await using ApiHost host = await DoorHost.StartAsync(static _ => ChatReply.Say("Answered."), []);
        var dialogue = new JsonArray { Message("m0", "user", "Question 0.") };
        var tools = new JsonArray
        {
            new JsonObject { ["name"] = "pick", ["description"] = "Picks.", ["parameters"] = new JsonObject { ["type"] = "object" } },
        };
        await SendAsync(host, "/agui/worker", "r0", dialogue, tools, cancellationToken);
        IRecordStore records = host.Get<IRecordStore>();
        foreach (StoredRecord exchange in await records.ListAsync("exchanges/", null, cancellationToken)
            .ToListAsync(cancellationToken))
        {
            await records.DeleteAsync(exchange.Key, default, cancellationToken);
        }

        if (!isRepeated)
        {
            dialogue.Add(Message("m1", "user", "Question 1."));
        }

        string said = await SendAsync(host, "/agui/worker", isRepeated ? "r0" : "r1", dialogue, tools, cancellationToken);

        Assert.That(said, Does.Contain("RUN_FINISHED").And.Contain("Answered."));
        string last = host.Model.Requests[^1].Body.GetRawText();
        Assert.That(
            (last.Split("Question 0.").Length, last.Split("Question 1.").Length), Is.EqualTo((2, isRepeated ? 1 : 2)), last);
        Assert.That(host.Model.Count, Is.EqualTo(isRepeated ? 1 : 2), "nothing is said twice");
    }

    private static async Task<string> SendAsync(
        ApiHost host, string address, string request, JsonArray dialogue, JsonArray tools, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await host.Client.PostAsJsonAsync(address, new JsonObject
        {
            ["threadId"] = "t",
            ["runId"] = request,
            ["messages"] = dialogue.DeepClone(),
            ["tools"] = tools.DeepClone(),
            ["context"] = new JsonArray(),
        }, cancellationToken);
        return await response.Content.ReadAsStringAsync(cancellationToken);
    }

    private static JsonObject Message(string id, string role, string content) =>
        new() { ["id"] = id, ["role"] = role, ["content"] = content };
}
