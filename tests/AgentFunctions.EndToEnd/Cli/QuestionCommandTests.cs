using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary>What runs ask, listed and answered by the program.</summary>
[CancelAfter(300_000)]
internal sealed class QuestionCommandTests
{
    private static readonly string[] Asked = ["First?", "Second?", "Third?"];

    [Test]
    public async Task Questions_ListedAnsweredAndDeclined_AndWhatIsWrongIsSaid(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        folder.Write("agents/asker.md", "---\nname: asker\ntools: [ask_person]\n---\nAsk.");
        string file = folder.Write("answer.json", """{"region": "neu", "days": 3}""");
        var form = JsonElement.Parse(
            """
            {"type":"object","required":["region"],
            "properties":{"region":{"type":"string","enum":["weu","neu"]},"days":{"type":"integer","minimum":1}}}
            """);
        IReadOnlyList<string> heard = [];
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request =>
        {
            heard = request.Turn == 0 ? heard : request.Results;
            return request.Turn == 0
                ? new ChatReply
                {
                    Calls = [.. Asked.Select(text => ChatReplyCall.Of("ask_person", new { question = text, form }))],
                }
                : ChatReply.Say("done");
        });
        await using ProgramProcess server = ProgramProcess.Start(
            model, folder.Path, "serve", "--urls", "http://127.0.0.1:0", "--data", "data", "--workspace", folder.Folder("work"),
            "--agents", Path.Combine(folder.Path, "agents"));
        using var http = new HttpClient { BaseAddress = await server.ListeningAsync() };
        using HttpResponseMessage submitted = await http.PostAsJsonAsync(
            "/api/runs", new { goal = "Ask.", agent = "asker" }, cancellationToken);
        string run = (await submitted.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
        JsonElement[] open = await Poll.ForAsync(
            async () => (await http.GetFromJsonAsync<JsonElement>($"/api/questions?run={run}", cancellationToken))
                .GetProperty("items").EnumerateArray().ToArray(),
            static found => found.Length == Asked.Length, cancellationToken);

        (int exitCode, string output, string errors) = await RunAsync("questions");
        Assert.That((exitCode, errors.Trim()), Is.EqualTo((0, "")));
        Assert.That(output, Does.Contain("First?").And.Contain("Second?").And.Contain(IdOf("Third?")).And.Contain("weu | neu"));
        (exitCode, _, errors) = await RunAsync("answer", IdOf("First?"), "colour=red");
        Assert.That(exitCode, Is.Not.Zero);
        Assert.That(errors, Does.Contain("no field 'colour'").And.Contain("region"));
        (exitCode, _, errors) = await RunAsync("answer", IdOf("First?"), "region=weu", "days=0");
        Assert.That(exitCode, Is.Not.Zero);
        Assert.That(errors, Does.Contain("days"));
        (exitCode, _, errors) = await RunAsync("answer", IdOf("First?"), "region=weu", "--decline", "no");
        Assert.That(errors, Does.Contain("one of them only"));

        (exitCode, output, errors) = await RunAsync("answer", IdOf("First?"), "region=weu", "days=7");
        Assert.That((exitCode, errors.Trim()), Is.EqualTo((0, "")), output);
        (exitCode, output, errors) = await RunAsync("answer", IdOf("Second?"), "--json", file);
        Assert.That((exitCode, errors.Trim()), Is.EqualTo((0, "")), output);
        (exitCode, output, errors) = await RunAsync("answer", IdOf("Third?"), "--decline", "not mine to say");
        Assert.That((exitCode, errors.Trim()), Is.EqualTo((0, "")), output);
        await Poll.UntilAsync(
            async () => (await http.GetFromJsonAsync<JsonElement>($"/api/runs/{run}", cancellationToken))
                .GetProperty("status").GetString() == "completed",
            cancellationToken);
        (exitCode, _, errors) = await RunAsync("answer", IdOf("First?"), "region=neu");

        Assert.That(exitCode, Is.Not.Zero);
        Assert.That(errors, Does.Contain("has answered question"));
        Assert.That(heard[0], Does.Contain("\"region\":\"weu\"").And.Contain("\"days\":7"));
        Assert.That(heard[1], Does.Contain("neu").And.Contain("3"));
        Assert.That(heard[2], Does.Contain("declined to answer: not mine to say"));

        string IdOf(string text) =>
            open.Single(question => question.GetProperty("question").GetString() == text).GetProperty("id").GetString()!;

        Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) =>
            ProgramProcess.RunAsync(null, folder.Path, [.. arguments, "--server", http.BaseAddress!.ToString()]);
    }
}
