using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using AgentFunctions.AspNetCore;
using AgentFunctions.EndToEnd.Api;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace AgentFunctions.EndToEnd.Governance;

[CancelAfter(300_000)]
internal sealed class OidcTests
{
    [Test]
    public async Task Token_OfATrustedIssuer_IsTheCallerWithItsMappedRoles(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static _ => ChatReply.Say("done"));
        await using TokenIssuer issuer = await TokenIssuer.StartAsync();
        await using ApiHost host = await ApiHost.StartAsync(model, issuer.Configure);

        using HttpResponseMessage submitted = await SendAsync(host, HttpMethod.Post, "/api/runs", issuer.Token(),
            new { goal = "Go." });
        string id = (await submitted.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;

        Assert.That(submitted.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        RunRecord run = await host.Services.GetRequiredService<RunStore>().GetAsync(id, cancellationToken);
        Assert.That((run.Requester, run.RequesterRoles.Single()), Is.EqualTo(("user:anna", "submitter")),
            "'*' and what is not mapped give nothing");
        Assert.That(await StatusAsync(host, "/api/keys", issuer.Token()), Is.EqualTo(403));
        Assert.That(await StatusAsync(host, "/api/keys", issuer.Token(As("root", "Agents.Admin"))), Is.EqualTo(200));
        Assert.That(await StatusAsync(host, $"/api/runs/{id}", issuer.Token(As("ben", "Agents.Submit"))), Is.EqualTo(404));
        Assert.That(await StatusAsync(host, "/api/runs", null), Is.EqualTo(401), "an issuer is trusted: nobody calls without");
        Assert.That(issuer.Fetches, Is.EqualTo(1), "the keys are kept");
    }

    [Test]
    public async Task Token_NotGoodForThisHost_IsRefused()
    {
        await using TokenIssuer issuer = await TokenIssuer.StartAsync();
        await using TokenIssuer other = await TokenIssuer.StartAsync();
        await using ApiHost host = await ApiHost.StartAsync(null, issuer.Configure);
        using RSA foreign = RSA.Create(2048);
        string good = issuer.Token();
        string[] parts = good.Split('.');
        string none = $"{Base64UrlEncoder.Encode("""{"alg":"none"}""")}.{parts[1]}.";
        var cases = new Dictionary<string, string>
        {
            ["another audience"] = issuer.Token(token => token.Audience = "api://others"),
            ["no audience"] = issuer.Token(token => token.Audience = null),
            ["expired"] = issuer.Token(token => token.Expires = DateTime.UtcNow.AddMinutes(-2)),
            ["no expiry"] = issuer.Token(token => token.Expires = null),
            ["not yet"] = issuer.Token(token => (token.NotBefore, token.Expires) = (DateTime.UtcNow.AddMinutes(5),
                DateTime.UtcNow.AddMinutes(9))),
            ["another issuer"] = other.Token(),
            ["another issuer's key"] = other.Token(token => token.Issuer = issuer.Issuer),
            ["a key that names itself like the issuer's"] = issuer.Token(token => token.SigningCredentials =
                new SigningCredentials(
                new RsaSecurityKey(foreign) { KeyId = token.SigningCredentials.Key.KeyId }, SecurityAlgorithms.RsaSha256)),
            ["a shared secret"] = issuer.Token(token => token.SigningCredentials = new SigningCredentials(
                new SymmetricSecurityKey(new byte[64]) { KeyId = token.SigningCredentials.Key.KeyId },
                SecurityAlgorithms.HmacSha256)),
            ["no signature"] = none,
            ["changed"] = $"{parts[0]}.{Base64UrlEncoder.Encode(Base64UrlEncoder.Decode(parts[1]).Replace("anna", "root", StringComparison.Ordinal))}.{parts[2]}",
            ["no name"] = issuer.Token(token => token.Claims.Remove("sub")),
            ["no token"] = "a.b.c",
        };
        Assert.That(await StatusAsync(host, "/api/runs", good), Is.EqualTo(200));
        foreach ((string what, string token) in cases)
        {
            Assert.That(await StatusAsync(host, "/api/runs", token), Is.EqualTo(401), what);
        }
    }

    [Test]
    public async Task Keys_Rotated_AreFetchedWhenATokenNamesANewOneAndOldOnesEnd()
    {
        await using TokenIssuer issuer = await TokenIssuer.StartAsync();
        await using ApiHost host = await ApiHost.StartAsync(null, issuer.Configure);
        Assert.That(await StatusAsync(host, "/api/runs", issuer.Token()), Is.EqualTo(200));

        issuer.AddKey();
        Assert.That(await StatusAsync(host, "/api/runs", issuer.Token()), Is.EqualTo(200));
        Assert.That(issuer.Fetches, Is.EqualTo(2));

        issuer.IsDown = true;
        Assert.That(await StatusAsync(host, "/api/runs", issuer.Token()), Is.EqualTo(200), "known keys need no issuer");
        issuer.AddKey();
        Assert.That(await StatusAsync(host, "/api/runs", issuer.Token()), Is.EqualTo(401));
        issuer.IsDown = false;
        Assert.That(await StatusAsync(host, "/api/runs", issuer.Token()), Is.EqualTo(200));
    }

    [Test]
    public async Task Keys_UnknownOnesNamedByTheHundred_AreAskedForOnce()
    {
        await using TokenIssuer issuer = await TokenIssuer.StartAsync();
        await using TokenIssuer other = await TokenIssuer.StartAsync();
        await using ApiHost host = await ApiHost.StartAsync(null, options =>
        {
            issuer.Configure(options);
            options.Oidc[0].KeyRefresh = TimeSpan.FromHours(1);
        });
        await StatusAsync(host, "/api/runs", issuer.Token());

        await Task.WhenAll(Enumerable.Range(0, 100)
            .Select(_ => StatusAsync(host, "/api/runs", other.Token(token => token.Issuer = issuer.Issuer))));

        Assert.That(issuer.Fetches, Is.EqualTo(1));
    }

    [Test]
    public async Task Issuer_DownOrAnother_IsNotBelieved()
    {
        await using TokenIssuer issuer = await TokenIssuer.StartAsync();
        await using ApiHost host = await ApiHost.StartAsync(null, issuer.Configure);
        issuer.IsDown = true;
        Assert.That(await StatusAsync(host, "/api/runs", issuer.Token()), Is.EqualTo(503), "nobody can say whether it is good");
        (issuer.IsDown, issuer.Claimed) = (false, "https://login.other.example");
        Assert.That(await StatusAsync(host, "/api/runs", issuer.Token()), Is.EqualTo(503));
    }

    [TestCase("http://login.example", "api", "user", "Api:Oidc:0:Issuer")]
    [TestCase("https://login.example", " ", "user", "Api:Oidc:0:Audience")]
    [TestCase("https://login.example", "api", "key", "Api:Oidc:0:Name")]
    public void Start_SettingIsWrong_NamesTheField(string issuer, string audience, string name, string field) => Assert.That(
        async () => await ApiHost.StartAsync(null,
            options => options.Oidc.Add(new OidcOptions { Issuer = issuer, Audience = audience, Name = name })),
        Throws.TypeOf<OptionsValidationException>().With.Message.Contains(field));

    private static Action<SecurityTokenDescriptor> As(string name, string role) => token =>
        token.Claims = new Dictionary<string, object> { ["sub"] = name, ["roles"] = new[] { role } };

    private static async Task<int> StatusAsync(ApiHost host, string path, string? token)
    {
        using HttpResponseMessage response = await SendAsync(host, HttpMethod.Get, path, token, null);
        return (int)response.StatusCode;
    }

    private static async Task<HttpResponseMessage> SendAsync(ApiHost host, HttpMethod method, string path, string? token,
        object? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return await host.Http.SendAsync(request);
    }
}
