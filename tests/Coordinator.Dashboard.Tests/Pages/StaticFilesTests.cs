using System.Reflection;
using Coordinator.Dashboard.Tests.Lab;

namespace Coordinator.Dashboard.Tests.Pages;

/// <summary>Blazor's script came as 200 with nothing in it when an unpublished build was started outside Development, and the page stayed dead.</summary>
[Collection(LabCollection.Name)]
public sealed class StaticFilesTests(DashboardLab lab)
{
    private static readonly string[] s_files =
        ["_framework/blazor.web.js", "_content/MudBlazor/MudBlazor.min.css", "_content/MudBlazor/MudBlazor.min.js", "_content/Coordinator.Dashboard/dashboard.css", "_content/Coordinator.Dashboard/dashboard.js"];

    [Fact]
    public Task PublishedProgram_HasItsFiles() => AssertFiles(lab.Page(0));

    [Fact]
    public async Task BuiltProgram_HasItsFiles()
    {
        string folder = typeof(StaticFilesTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "ServerBuild").Value!;
        DirectoryInfo data = Directory.CreateTempSubdirectory("dashboard-built-");
        (int http, string[] arguments) = DashboardLab.SingleNode(data.FullName);
        Child server = new("built", Path.Combine(folder, "coordinator-server.dll"), arguments);
        server.Start();
        try
        {
            Uri address = new($"http://127.0.0.1:{http}/");
            await DashboardLab.AnswersAsync(new Uri(address, "livez"), () => server.Said);
            await AssertFiles(address);
        }
        finally
        {
            await server.KillAsync();
            data.Delete(recursive: true);
        }
    }

    private static async Task AssertFiles(Uri address)
    {
        using HttpClient client = new() { BaseAddress = address };
        foreach (string file in s_files)
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri(file, UriKind.Relative));
            Assert.True(answer.IsSuccessStatusCode, $"{file}: {(int)answer.StatusCode}");
            Assert.True((await answer.Content.ReadAsByteArrayAsync()).Length > 1_000, $"{file} is empty");
        }

        string page = await client.GetStringAsync(new Uri("/", UriKind.Relative));
        Assert.Contains("_framework/blazor.web.js", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
    }
}
