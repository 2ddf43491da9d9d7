using System.ComponentModel;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using AgentFunctions.Core.Text;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tools.Web;

/// <summary>
/// The tool by which an agent reads a page: a request without body or credentials that goes where <c>Governance:Network</c> lets
/// it, of bounded size and time. An agent gets it only when its definition names it.
/// </summary>
internal static class WebFetchTool
{
    public const string Name = "web_fetch";

    /// <summary>The name of the HTTP client.</summary>
    public const string HttpClientName = "AgentFunctions.WebFetch";

    private const int MostBytes = 2 * 1024 * 1024;

    private static readonly TimeSpan Time = TimeSpan.FromSeconds(60);

    public static AgentTool Create() => new(
        AgentTool.CreateFunction(
            Name,
            "Reads a page of the web by its address and returns its text. It sends nothing but the address: no sign-in, no form. Pages that "
            + "need a sign-in or a script cannot be read.",
            FetchAsync),
        ToolEffect.None)
    {
        Timeout = Time,
        IsOptIn = true,
    };

    private static async Task<string> FetchAsync(
        ToolContext context,
        [Description("The address, with http:// or https://.")] string url,
        CancellationToken cancellationToken = default)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https")
            || address.UserInfo.Length > 0)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid,
                "url: use an absolute http or https address without a user name.");
        }

        HttpClient client = context.Services.GetRequiredService<IHttpClientFactory>().CreateClient(HttpClientName);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.TryAddWithoutValidation("Accept",
            "text/html, text/markdown, text/plain, application/json;q=0.9, */*;q=0.1");
        request.Headers.TryAddWithoutValidation("User-Agent", "AgentFunctions/0.1");
        using HttpResponseMessage response = await client
            .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        string place = response.RequestMessage?.RequestUri is { } end && end != address
            ? $"{address} (led to {end})"
            : address.ToString();
        MediaTypeHeaderValue? type = response.Content.Headers.ContentType;
        if (!IsText(type?.MediaType))
        {
            throw new AgentException(ErrorCode.ToolFailed,
                $"{place}: is of the type {type?.MediaType}, which is no text; only text is read.");
        }

        (byte[] bytes, bool isCut) = await ReadAsync(response.Content, cancellationToken).ConfigureAwait(false);
        string text = EncodingOf(type?.CharSet).GetString(bytes);
        text = type?.MediaType is null or "text/html" or "application/xhtml+xml" && PageText.IsPage(text)
            ? PageText.Of(text)
            : text;
        string status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
        string cut = isCut ? $"\n\n[The page goes on; what follows after {MostBytes} bytes was not read.]" : "";
        return response.IsSuccessStatusCode
            ? $"{place}\n\n{text}{cut}"
            : throw new AgentException(ErrorCode.ToolFailed,
                $"{place}: answered with status {status}.\n\n{TextCut.Head(text, 2_000)}");
    }

    private static bool IsText(string? type) => type is null || type.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
        || type.EndsWith("json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("xml", StringComparison.OrdinalIgnoreCase)
        || type.EndsWith("yaml", StringComparison.OrdinalIgnoreCase)
        || type.EndsWith("javascript", StringComparison.OrdinalIgnoreCase);

    private static async Task<(byte[] Bytes, bool IsCut)> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        using Stream stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var read = new MemoryStream();
        byte[] buffer = new byte[81_920];
        int count;
        while (read.Length <= MostBytes && (count = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            read.Write(buffer, 0, count);
        }

        bool isCut = read.Length > MostBytes;
        read.SetLength(Math.Min(read.Length, MostBytes));
        return (read.ToArray(), isCut);
    }

    private static Encoding EncodingOf(string? name)
    {
        try
        {
            return name is null ? Encoding.UTF8 : Encoding.GetEncoding(name.Trim('"'));
        }
        catch (ArgumentException)
        {
            return Encoding.UTF8;
        }
    }
}
