using System.Net;
using AgentFunctions.AzureFunctions.Secrets;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Security.KeyVault.Secrets;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.AzureFunctions.Tests.Secrets;

public sealed class KeyVaultSecretsTests
{
    private static readonly Uri Address = new("https://agents.vault.azure.net");

    [Test]
    public async Task Find_VaultRotates_NewValueIsUsedAfterFiveMinutes()
    {
        var vault = new Vault { ["shop-key"] = "the first value" };
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        KeyVaultSecrets secrets = Secrets(vault, time);

        string? first = await secrets.FindAsync("shop_key");
        vault["shop-key"] = "the second value";
        string? cached = await secrets.FindAsync("shop.key");
        time.Advance(TimeSpan.FromMinutes(6));
        string? second = await secrets.FindAsync("shop-key");

        Assert.That((first, cached, second), Is.EqualTo(("the first value", "the first value", "the second value")));
        Assert.That(vault.Tokens, Is.All.EqualTo("Bearer fixed"));
    }

    [Test]
    public async Task Find_NoSuchSecret_IsNull() =>
    Assert.That(await Secrets(new Vault(), TimeProvider.System).FindAsync("missing"), Is.Null);

    [Test]
    public void Find_VaultRefuses_NamesSecretAndVault() => Assert.That(
        () => Secrets(new Vault { ["forbidden"] = null }, TimeProvider.System).FindAsync("forbidden"),
        Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.ToolUnavailable)
            .And.Message.Contains("'forbidden'").And.Message.Contains("agents.vault.azure.net"));

    [Test]
    public void New_AddressIsNotHttps_IsRefused() => Assert.That(
        () => new KeyVaultSecrets(new Uri("http://agents.vault.azure.net"), new FixedCredential(), TimeProvider.System),
        Throws.TypeOf<AgentException>().With.Message.Contains("https"));

    private static KeyVaultSecrets Secrets(Vault vault, TimeProvider time)
    {
        var options = new SecretClientOptions { Transport = new HttpClientTransport(new HttpClient(vault.AsHandler())) };
        options.Retry.MaxRetries = 0;
        return new KeyVaultSecrets(Address, new FixedCredential(), time, options);
    }

    /// <summary>Answers as Key Vault's REST API does: a caller without a token is told where to get one.</summary>
    private sealed class Vault : Dictionary<string, string?>
    {
        public List<string> Tokens { get; } = [];

        public HttpMessageHandler AsHandler() => new Handler(this);

        private sealed class Handler(Vault vault) : HttpMessageHandler
        {
            protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
                CancellationToken cancellationToken) =>
                Task.FromResult(Answer(request));

            private HttpResponseMessage Answer(HttpRequestMessage request)
            {
                if (request.Headers.Authorization is not { } token)
                {
                    var challenge = new HttpResponseMessage(HttpStatusCode.Unauthorized);
                    challenge.Headers.TryAddWithoutValidation(
                        "WWW-Authenticate", "Bearer authorization=\"https://login.microsoftonline.com/tenant\", resource=\"https://vault.azure.net\"");
                    return challenge;
                }

                vault.Tokens.Add(token.ToString());
                string name = request.RequestUri!.Segments[2].TrimEnd('/');
                return !vault.TryGetValue(name, out string? value) ? new(HttpStatusCode.NotFound)
                    : value is null ? new(HttpStatusCode.Forbidden)
                    : new(HttpStatusCode.OK) { Content = new StringContent($$"""{"value":"{{value}}","id":"{{Address}}secrets/{{name}}/1"}""") };
            }
        }
    }

    private sealed class FixedCredential : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new("fixed", DateTimeOffset.UtcNow.AddHours(1));

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext,
            CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(requestContext, cancellationToken));
    }
}
