using System.Text.Json;
using AgentFunctions.Records;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Workspaces;
using AgentFunctions.Workspaces;

namespace AgentFunctions.OpenApi;

/// <summary>A file that a request sends.</summary>
/// <param name="Name">Its name without folders.</param>
/// <param name="MediaType">Its media type, as far as it is known.</param>
/// <param name="Content">Its content.</param>
internal sealed record OpenApiFile(string Name, string? MediaType, ReadOnlyMemory<byte> Content);

/// <summary>The files that the arguments of a call name: paths of the workspace, or <c>artifact:NAME</c>.</summary>
internal static class OpenApiFiles
{
    private const string ArtifactPrefix = "artifact:";

    /// <summary>Gets the files that a call names, each with the argument that does.</summary>
    /// <param name="body">The body of the operation.</param>
    /// <param name="arguments">The arguments.</param>
    public static IEnumerable<(string Argument, string File)> NamedBy(OpenApiBody body, Func<string, JsonElement?> arguments) =>
        arguments(body.Argument) is not { } value ? []
        : body.Form == OpenApiBodyForm.File ? Texts(body.Argument, value)
        : value.ValueKind != JsonValueKind.Object ? []
        : value.EnumerateObject().Where(field => body.Parts.TryGetValue(field.Name, out OpenApiPart? part) && part.IsFile)
            .SelectMany(field => Texts($"{body.Argument}.{field.Name}", field.Value));

    /// <summary>Gets the arguments that name files, so that policies judge the files and not how they are spelled.</summary>
    /// <param name="body">The body of the operation.</param>
    public static IReadOnlyList<PathArgument> Arguments(OpenApiBody? body) => body is null ? []
        : body.Form == OpenApiBodyForm.File ? [new PathArgument(body.Argument)]
        : [.. body.Parts.Where(static part => part.Value.IsFile).Select(part => new PathArgument($"{body.Argument}.{part.Key}"))];

    /// <summary>Gets what a call reads in the workspace, judged as calls of <c>read_file</c>.</summary>
    /// <param name="body">The body of the operation.</param>
    /// <param name="arguments">The arguments.</param>
    /// <remarks>A file of the workspace may be named like an artifact, so what looks like one is judged too.</remarks>
    public static IReadOnlyList<PathUse> UsesOf(OpenApiBody body, JsonElement arguments) =>
        [.. NamedBy(body, name => arguments.TryGetProperty(name, out JsonElement value) ? value : null)
            .Select(static named => new PathUse("read_file", ToolEffect.None, named.File))];

    /// <summary>Reads the files that a call names.</summary>
    /// <param name="body">The body of the operation.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="context">The call.</param>
    /// <param name="limit">The most bytes that they may have together.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    /// <returns>The files by what the arguments say.</returns>
    public static async Task<IReadOnlyDictionary<string, OpenApiFile>> ReadAsync(
        OpenApiBody? body, IReadOnlyDictionary<string, JsonElement> arguments, ToolContext context, long limit,
        CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, OpenApiFile>(StringComparer.Ordinal);
        long left = limit;
        foreach ((string argument, string file) in body is null
            ? []
            : NamedBy(body, name => arguments.TryGetValue(name, out JsonElement value) ? value : null))
        {
            if (!files.ContainsKey(file))
            {
                files[file] = file.StartsWith(ArtifactPrefix, StringComparison.Ordinal)
                    ? await ArtifactAsync(argument, file[ArtifactPrefix.Length..], context, cancellationToken)
                        .ConfigureAwait(false)
                    : await FileAsync(argument, file, context, left, cancellationToken).ConfigureAwait(false);
                left -= files[file].Content.Length;
                if (left < 0)
                {
                    throw TooLarge(argument, limit);
                }
            }
        }

        return files;
    }

    private static async Task<OpenApiFile> ArtifactAsync(string argument, string name, ToolContext context,
        CancellationToken cancellationToken) =>
        await context.Artifacts.GetAsync(context.RunId, name, cancellationToken).ConfigureAwait(false) is { } found
            ? new OpenApiFile(name, found.Artifact.MediaType, found.Content)
            : throw new AgentException(
                ErrorCode.ToolArgumentsInvalid,
                $"{argument}: this run has no artifact '{PathSyntax.Show(name)}'; name a file of the workspace, or artifact:NAME with the name of an artifact.");

    private static async Task<OpenApiFile> FileAsync(
        string argument, string path, ToolContext context, long left, CancellationToken cancellationToken)
    {
        try
        {
            using FileStream stream = WorkspaceFile.OpenRead(WorkspaceTools.Require(context), path);
            if (stream.Length > left)
            {
                throw TooLarge(argument, left);
            }

            // The file may grow while it is read; what was there when it was opened is sent.
            byte[] content = new byte[stream.Length];
            int length = await stream.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false);
            string name = PathSyntax.Show(path.Replace('\\', '/').Split('/')[^1]);
            return new OpenApiFile(name, MediaTypes.OfFile(name), content.AsMemory(0, length));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException(ErrorCode.ToolFailed,
                $"{argument}: '{PathSyntax.Show(path)}' cannot be read: {e.Message} Nothing was sent.", e);
        }
    }

    private static AgentException TooLarge(string argument, long limit) => new(
        ErrorCode.ToolArgumentsInvalid,
        $"{argument}: the files of a call may have {limit} bytes together; send a smaller one. Nothing was sent.");

    private static IEnumerable<(string, string)> Texts(string argument, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [(argument, value.GetString()!)],
        JsonValueKind.Array => value.EnumerateArray().SelectMany(item => Texts(argument, item)),
        _ => [],
    };
}
