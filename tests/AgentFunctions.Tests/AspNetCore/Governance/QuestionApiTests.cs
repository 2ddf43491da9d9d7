using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.TestKit;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AspNetCore.Governance;

/// <summary>Questions over HTTP.</summary>
[CancelAfter(300_000)]
internal sealed class QuestionApiTests
{
    [Test]
    public async Task Question_ListedAnsweredAndRepeated_IsAnsweredOnce(CancellationToken cancellationToken)
    {
        await using ApiHost host = await ApiHost.StartAsync(
            request => request.Turn == 0
                ? ChatReply.Call("ask_person", new { question = "Which?", choices = new[] { "red", "blue" } })
                : ChatReply.Say(request.Results[^1]),
            configure: static builder => builder.Services.AddAgent(Agent.Create("asker").WithInstructions("Ask.")
                .WithTools("ask_person").Build()));
        string run = await host.SubmitAsync(new { goal = "Ask.", agent = "asker" });
        JsonElement asked = await Poll.ForAsync(
            () => host.Client.GetFromJsonAsync<JsonElement>($"/api/questions?run={run}&mine=true", cancellationToken),
            static found => found.GetProperty("items").GetArrayLength() > 0, cancellationToken);

        string id = asked.GetProperty("items")[0].GetProperty("id").GetString()!;
        Assert.That(asked.GetProperty("items")[0].GetProperty("form").GetProperty("properties").GetProperty("answer")
            .GetProperty("oneOf").GetArrayLength(), Is.EqualTo(2));
        (HttpStatusCode wrong, string why) = await PostAsync(host, id, new { answers = new { answer = "green" } }, null,
            cancellationToken);
        (HttpStatusCode both, _) = await PostAsync(host, id, new { answers = new { answer = "red" }, decline = "no" }, null,
            cancellationToken);
        (HttpStatusCode unknown, _) = await PostAsync(host, "none", new { decline = "" }, null, cancellationToken);
        (HttpStatusCode first, string answered) = await PostAsync(host, id, new { answers = new { answer = "red" } }, "k1",
            cancellationToken);
        (HttpStatusCode again, _) = await PostAsync(host, id, new { answers = new { answer = "red" } }, "k1", cancellationToken);
        (HttpStatusCode late, string who) = await PostAsync(host, id, new { answers = new { answer = "blue" } }, "k2",
            cancellationToken);
        await host.Get<RunReader>().WaitForEndAsync(run, cancellationToken);

        Assert.That((wrong, both, unknown),
            Is.EqualTo((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.NotFound)));
        Assert.That(why, Does.Contain("answer"));
        Assert.That((first, again, late), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Conflict)), answered);
        Assert.That(who, Does.Contain("local").And.Contain("answered"));
        JsonElement ended = await host.Client.GetFromJsonAsync<JsonElement>($"/api/questions?run={run}&state=answered",
            cancellationToken);
        Assert.That(ended.GetProperty("items")[0].GetProperty("answers").GetProperty("answer").GetString(), Is.EqualTo("red"));
        using HttpResponseMessage all = await host.Client.GetAsync(new Uri("/api/questions?state=answered", UriKind.Relative),
            cancellationToken);
        Assert.That(all.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest), "without a run only what waits is listed");
    }

    private static async Task<(HttpStatusCode Status, string Body)> PostAsync(ApiHost host, string id, object body, string? key,
        CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/questions/{id}")
        {
            Content = JsonContent.Create(body),
        };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using HttpResponseMessage response = await host.Client.SendAsync(request, cancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }
}
