namespace AgentFunctions.Tools;

/// <summary>Names of files and media types, one by the other.</summary>
internal static class MediaTypes
{
    /// <summary>Gets the media type that a file's name suggests; <see langword="null"/> if it suggests none.</summary>
    /// <param name="name">The name.</param>
    public static string? OfFile(string name) => Path.GetExtension(name).ToLowerInvariant() switch
    {
        ".png" => "image/png",
        ".jpg" or ".jpeg" => "image/jpeg",
        ".gif" => "image/gif",
        ".webp" => "image/webp",
        ".svg" => "image/svg+xml",
        ".mp3" => "audio/mpeg",
        ".wav" => "audio/wav",
        ".mp4" => "video/mp4",
        ".pdf" => "application/pdf",
        ".json" => "application/json",
        ".jsonl" => "application/jsonl",
        ".xml" => "application/xml",
        ".yaml" or ".yml" => "application/yaml",
        ".gz" or ".tgz" => "application/gzip",
        ".zip" => "application/zip",
        ".txt" or ".md" or ".log" => "text/plain",
        ".html" or ".htm" => "text/html",
        ".csv" => "text/csv",
        _ => null,
    };

    public static string Extension(string mediaType) => mediaType.Split(';')[0].Trim().ToLowerInvariant() switch
    {
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        "image/gif" => ".gif",
        "image/webp" => ".webp",
        "image/svg+xml" => ".svg",
        "audio/mpeg" => ".mp3",
        "audio/wav" or "audio/x-wav" => ".wav",
        "application/pdf" => ".pdf",
        "application/json" => ".json",
        "application/gzip" => ".gz",
        "application/zip" => ".zip",
        "text/plain" => ".txt",
        "text/html" => ".html",
        "text/csv" => ".csv",
        _ => ".bin",
    };
}
