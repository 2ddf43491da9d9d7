using System.Net;
using AgentFunctions.AspNetCore;
using AgentFunctions.AspNetCore.Security.Oidc;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;

namespace AgentFunctions.Tests.AspNetCore.Security;

[CancelAfter(300_000)]
internal sealed class IssuerKeysTests
{
    [Test]
    public async Task Find_CallerWhoAskedFirstLeaves_OthersHaveTheKeys(CancellationToken cancellationToken)
    {
        var issuer = new SlowIssuer();
        using var http = new HttpClient(issuer);
        using var keys = new IssuerKeys(
            new OidcOptions { Issuer = SlowIssuer.Address }, http, NullLogger.Instance, new FakeTimeProvider());
        using var left = new CancellationTokenSource();

        Task<IReadOnlyList<SecurityKey>> first = keys.FindAsync("k", left.Token);
        await issuer.Asked.Task.WaitAsync(cancellationToken);
        await left.CancelAsync();
        issuer.Answers.SetResult();
        await ((Task)first).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        Assert.That(await keys.FindAsync("k", cancellationToken), Has.Exactly(1).Items);
    }

    private sealed class SlowIssuer : HttpMessageHandler
    {
        public const string Address = "https://issuer.example.com";

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Answers { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
            CancellationToken cancellationToken)
        {
            Asked.TrySetResult();
            await Answers.Task.WaitAsync(cancellationToken);
            return new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new StringContent(request.RequestUri!.AbsolutePath.EndsWith("keys", StringComparison.Ordinal)
                    ? """{"keys":[{"kty":"EC","use":"sig","kid":"k","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"""
                    : $$"""{"issuer":"{{Address}}","jwks_uri":"{{Address}}/keys"}""", System.Text.Encoding.UTF8, "application/json"),
            };
        }
    }
}
