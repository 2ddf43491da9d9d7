using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Agents.ToolServers;
using AgentFunctions.AzureFunctions.Tests.InProcess;
using AgentFunctions.Mcp.SignIn;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Tests.Storage;

/// <summary>A sign-in to a tool server is kept, sealed, in the storage account that all instances share.</summary>
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
internal sealed class SharedSignInTests
{
    [Test]
    public async Task SignIn_OnOneInstance_HoldsOnAnotherAndIsSealed(CancellationToken cancellationToken)
    {
        await using SignInServer server = await SignInServer.StartAsync();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static _ => ChatReply.Say("never"));
        string account = AzuriteServer.TakeAccount();
        await using ServiceProvider first = Instance(account, model, server);
        await using ServiceProvider second = Instance(account, model, server);

        using var browser = new HttpClient();
        ToolServerStatus signedIn = await first.GetRequiredService<McpSignIn>()
            .LoginAsync("signed", async (address, token) => await browser.GetAsync(address, token), cancellationToken);
        ToolServerStatus seen = (await second.GetRequiredService<McpSignIn>().ListAsync(cancellationToken)).Single();
        ToolOffer offer = await OfferAsync(second, cancellationToken);

        Assert.That((signedIn.IsSignedIn, seen.IsSignedIn), Is.EqualTo((true, true)));
        Assert.That(offer.Tools.Select(static tool => tool.Name), Does.Contain("mcp__signed__whoami"));

        server.ExpireAll();
        await using ServiceProvider third = Instance(account, model, server);
        Assert.That((await OfferAsync(third, cancellationToken)).Missing, Is.Empty, "a new instance renews what it finds");
        Assert.That(server.Asked.Count(static path => path == "/authorize"), Is.EqualTo(1));
        Assert.That(server.Asked, Does.Contain("/token refresh_token"));

        StoredRecord[] kept = await third.GetRequiredService<IRecordStore>().ListAsync("sign-ins/", null, cancellationToken)
            .ToArrayAsync(cancellationToken);
        string text = System.Text.Encoding.Latin1.GetString(kept.Single().Value.Span);
        Assert.That(server.Secrets.Where(secret => text.Contains(secret, StringComparison.Ordinal)), Is.Empty);

        Assert.That(await second.GetRequiredService<McpSignIn>().LogoutAsync("signed", cancellationToken), Is.True);
        Assert.That((await first.GetRequiredService<McpSignIn>().ListAsync(cancellationToken)).Single().IsSignedIn, Is.False);
    }

    private static Task<ToolOffer> OfferAsync(ServiceProvider instance, CancellationToken cancellationToken) =>
        instance.GetRequiredService<ToolCatalog>()
        .ChooseAsync(Agent.Create("tester").WithInstructions("Test."), TimeSpan.FromMinutes(1), cancellationToken);

    private static ServiceProvider Instance(string account, OpenAIProtocolServer model, SignInServer server)
    {
        string text = JsonSerializer.Serialize(new { mcpServers = new { signed = new { type = "http", url = server.Url } } });
        McpServerDefinition definition = McpConfiguration.Parse(text, ".mcp.json").Servers[0];
        return AppServices.Build(
            model, AzuriteServer.Connect(account), services => services.AddMcpServer(definition),
            new KeyValuePair<string, string?>("Governance:Network:Allow:0", new Uri(server.Issuer).Authority));
    }
}
