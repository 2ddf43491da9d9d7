using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Tools;

/// <summary><c>mcp login|logout|list</c> beside a server that runs on the same data.</summary>
[CancelAfter(300_000)]
internal sealed class McpLoginTests
{
    [Test]
    public async Task Login_WhileServing_ListsAndRunsWithTheToolsUntilLogout(CancellationToken cancellationToken)
    {
        await using SignInServer server = await SignInServer.StartAsync();
        using var folder = new TemporaryFolder();
        string servers = Path.Combine(folder.Path, "servers.json");
        File.WriteAllText(servers,
            JsonSerializer.Serialize(new { mcpServers = new { signed = new { type = "http", url = server.Url } } }));
        string[] place = ["--data", Path.Combine(folder.Path, "data"), "--mcp-config", servers];
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request => request.Turn > 0
            ? ChatReply.Say(request.Results[0])
            : request.Tools.Contains("mcp__signed__whoami")
                ? ChatReply.Call("mcp__signed__whoami", new { })
                : ChatReply.Say("no tools"));
        var environment = new Dictionary<string, string>
        {
            ["OPENAI_API_KEY"] = "sk-test",
            ["OPENAI_BASE_URL"] = model.BaseUrl,
            ["Tools__ServerPatience"] = "00:01:00",
            ["Governance__Network__Allow__0"] = new Uri(server.Issuer).Authority,
        };
        await using ProgramProcess serve = ProgramProcess.Start(environment, ["serve", "--urls", "http://127.0.0.1:0", .. place]);
        string url = (await serve.LineAsync(line => line.StartsWith("Listening on ",
            StringComparison.Ordinal)))["Listening on ".Length..];
        (int ExitCode, string Output) before = await RunAsync("mcp", "list");
        string without = await AskAsync(url, cancellationToken);

        await using ProgramProcess login = ProgramProcess.Start(environment,
            ["mcp", "login", "signed", "--no-browser", .. place]);
        string address = await login.LineAsync(line => line.StartsWith(server.Issuer, StringComparison.Ordinal));
        using var browser = new HttpClient();
        string page = await browser.GetStringAsync(address, cancellationToken);
        int loggedIn = await login.WaitAsync();
        (int ExitCode, string Output) after = await RunAsync("mcp", "list");
        string with = await AskAsync(url, cancellationToken);
        (int ExitCode, string Output) logout = await RunAsync("mcp", "logout", "signed");

        Assert.That(before.Output, Does.Contain("not signed in").And.Contain("agentfunctions mcp login signed"));
        Assert.That(before.ExitCode, Is.Not.Zero);
        Assert.That(without, Is.EqualTo("no tools"));
        Assert.That(page, Does.Contain("You can close this page"));
        Assert.That(loggedIn, Is.Zero, login.Errors);
        Assert.That(login.Output, Does.Contain("Signed in to signed: 2 tools"));
        Assert.That(after, Is.EqualTo((0, after.Output)));
        Assert.That(after.Output, Does.Contain("2 tools").And.Contain("signed in, renewed by itself"));
        Assert.That(with, Is.EqualTo("whoami for ***"));
        Assert.That(logout.Output, Does.Contain("Signed out of signed."));
        string said = serve.Output + serve.Errors + login.Output + login.Errors + after.Output;
        Assert.That(server.Secrets.Where(secret => said.Contains(secret, StringComparison.Ordinal)), Is.Empty);

        async Task<(int ExitCode, string Output)> RunAsync(params string[] command)
        {
            await using ProgramProcess program = ProgramProcess.Start(environment, [.. command, .. place]);
            return (await program.WaitAsync(), program.Output + program.Errors);
        }
    }

    private static async Task<string> AskAsync(string url, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = new Uri(url) };
        using var body = new StringContent("""{"goal": "Who am I?"}""", System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage submitted = await client.PostAsync("/api/runs", body, cancellationToken);
        using JsonDocument run = JsonDocument.Parse(await submitted.Content.ReadAsStringAsync(cancellationToken));
        JsonElement now = await Poll.ForAsync(
            async () => JsonElement.Parse(await client.GetStringAsync($"/api/runs/{run.RootElement.GetProperty("id").GetString()}", cancellationToken)),
            static now => now.TryGetProperty("result", out JsonElement result) && result.ValueKind == JsonValueKind.Object,
            cancellationToken);
        return now.GetProperty("result").GetProperty("text").GetString()!;
    }
}
