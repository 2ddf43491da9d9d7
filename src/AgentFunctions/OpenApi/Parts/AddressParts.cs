using System.Text;

namespace AgentFunctions.OpenApi.Parts;

/// <summary>The parts of a description that was fetched: what lies on the same server.</summary>
/// <param name="document">The address of the description.</param>
/// <param name="client">The client that fetches.</param>
internal sealed class AddressParts(Uri document, HttpClient client) : IOpenApiParts
{
    public string Root { get; } = document.AbsoluteUri;

    public string Locate(string from, string reference) =>
        Uri.TryCreate(new Uri(from), reference, out Uri? url) && IsOwn(url)
            ? url.GetLeftPart(UriPartial.Query)
            : throw Refused($"'{reference}' lies on another server than the description");

    public async Task<string> ReadAsync(string place, long maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response =
                await client.GetAsync(new Uri(place), HttpCompletionOption.ResponseHeadersRead, cancellationToken)
                    .ConfigureAwait(false);
            if (response.RequestMessage?.RequestUri is { } answered && !IsOwn(answered))
            {
                throw Refused($"'{place}' leads to another server");
            }

            response.EnsureSuccessStatusCode();
            await response.Content.LoadIntoBufferAsync(maxBytes, cancellationToken).ConfigureAwait(false);
            return Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Refused($"'{place}' cannot be read: {e.Message.TrimEnd('.')}");
        }
    }

    private bool IsOwn(Uri address) =>
        Uri.Compare(address, document, UriComponents.SchemeAndServer, UriFormat.UriEscaped,
            StringComparison.OrdinalIgnoreCase) == 0;

    private static AgentException Refused(string reason) => new(ErrorCode.NotAllowed, reason);
}
