using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>Reads JSON bodies strictly: what is not exactly right is refused before anything happens.</summary>
internal static class RequestBody
{
    /// <summary>The largest body in bytes: 1 MiB.</summary>
    public const int MaxLength = 1024 * 1024;

    /// <summary>Reads a body that must be there.</summary>
    public static async Task<T> ReadJsonAsync<T>(this HttpRequest request, CancellationToken cancellationToken)
        where T : class
    {
        EnsureJson(request);
        ReadOnlyMemory<byte> bytes = await ReadBytesAsync(request, cancellationToken);
        return Parse<T>(bytes);
    }

    /// <summary>Reads a body that may be left out.</summary>
    public static async Task<T?> ReadOptionalJsonAsync<T>(this HttpRequest request, CancellationToken cancellationToken)
        where T : class
    {
        ReadOnlyMemory<byte> bytes = await ReadBytesAsync(request, cancellationToken);
        if (bytes.IsEmpty)
        {
            return null;
        }

        EnsureJson(request);
        return Parse<T>(bytes);
    }

    /// <summary>The bytes of a JSON body that something else reads.</summary>
    public static Task<ReadOnlyMemory<byte>> ReadJsonBytesAsync(this HttpRequest request, CancellationToken cancellationToken)
    {
        EnsureJson(request);
        return ReadBytesAsync(request, cancellationToken);
    }

    private static void EnsureJson(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            throw new ProblemException(
                StatusCodes.Status415UnsupportedMediaType, "unsupportedMediaType",
                "Send the body as Content-Type: application/json, in UTF-8.");
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaxLength)
        {
            throw TooLarge();
        }

        PipeReader reader = request.BodyReader;
        while (true)
        {
            ReadResult read = await reader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > MaxLength)
            {
                throw TooLarge();
            }

            if (read.IsCompleted)
            {
                byte[] bytes = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                // PowerShell and some editors begin UTF-8 with a mark, which JSON does not know.
                return bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsMemory(Encoding.UTF8.Preamble.Length) : bytes;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static T Parse<T>(ReadOnlyMemory<byte> bytes)
        where T : class
    {
        if (bytes.IsEmpty)
        {
            throw Invalid("body: send a JSON object.");
        }

        if (!Utf8.IsValid(bytes.Span))
        {
            throw Invalid("body: not valid UTF-8.");
        }

        var type = (JsonTypeInfo<T>)ApiJson.Options.GetTypeInfo(typeof(T));
        using JsonDocument document = ParseDocument(bytes);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw Invalid("body: send a JSON object.");
        }

        EnsureMembers(document.RootElement, type);
        try
        {
            return document.RootElement.Deserialize(type)!;
        }
        catch (JsonException e)
        {
            throw Invalid($"{FieldOf(e)}: unknown, or not of the type that the OpenAPI document gives for it.");
        }
    }

    private static JsonDocument ParseDocument(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes,
                new JsonDocumentOptions { MaxDepth = ApiJson.MaxDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException e) when (e.LineNumber is { } line)
        {
            throw Invalid($"body: not valid JSON, or nested deeper than {ApiJson.MaxDepth}, at line {line + 1}, byte {e.BytePositionInLine + 1}.");
        }
        catch (JsonException)
        {
            throw Invalid("body: a member is there twice.");
        }
        catch (InvalidOperationException)
        {
            throw Invalid("body: a member's name is broken Unicode.");
        }
    }

    private static void EnsureMembers(JsonElement body, JsonTypeInfo type)
    {
        foreach (JsonProperty member in body.EnumerateObject())
        {
            JsonPropertyInfo known = type.Properties.FirstOrDefault(property => member.NameEquals(property.Name))
                ?? throw Invalid(
                $"{Shorten(NameOf(member))}: unknown field; this host knows {string.Join(", ", type.Properties.Select(property => property.Name))}.");
            if (typeof(IEnumerable<string>).IsAssignableFrom(known.PropertyType) && member.Value.ValueKind == JsonValueKind.Array
                && member.Value.EnumerateArray().Any(static entry => entry.ValueKind == JsonValueKind.Null))
            {
                // The serializer lets null pass in a list of strings.
                throw Invalid($"{known.Name}: an entry is null; leave it out.");
            }
        }
    }

    private static string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            // How System.Text.Json reports half a surrogate pair.
            return "body";
        }
    }

    private static string FieldOf(JsonException e) => e.Path is { Length: > 2 } path ? Shorten(path[2..]) : "body";

    /// <summary>Callers choose the names, so their answers must not grow with them.</summary>
    private static string Shorten(string name) => JournalLine.OneLine(name, 64);

    private static AgentException TooLarge() => Invalid("body: send at most 1 MiB.");

    private static AgentException Invalid(string message) => new(ErrorCode.InvalidInput, message);
}
