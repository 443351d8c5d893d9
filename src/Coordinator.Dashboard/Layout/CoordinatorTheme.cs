using MudBlazor;

namespace Coordinator.Dashboard.Layout;

/// <summary>Colours with a contrast of at least 4.5 to 1 (WCAG AA) on their backgrounds, and the system's own fonts: nothing is fetched from elsewhere.</summary>
internal static class CoordinatorTheme
{
    private static readonly string[] s_fonts = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "DejaVu Sans", "sans-serif"];

    internal static readonly MudTheme Theme = new()
    {
        PaletteLight = new PaletteLight
        {
            Primary = "#14506b",
            AppbarBackground = "#14506b",
            AppbarText = "#ffffff",
            Background = "#f3f5f7",
            Surface = "#ffffff",
            TextPrimary = "#16202a",
            TextSecondary = "#47535f",
            Error = "#b3111b",
            Warning = "#7a4a00",
            Success = "#14693f",
            Info = "#14506b",
            LinesInputs = "#6b7782",
            Divider = "#d5dbe1",
            TableLines = "#d5dbe1",
        },
        PaletteDark = new PaletteDark
        {
            Primary = "#7fc4e0",
            AppbarBackground = "#0d2833",
            AppbarText = "#f2f6f8",
            Background = "#12181d",
            Surface = "#1a2229",
            TextPrimary = "#e8eef2",
            TextSecondary = "#aab8c2",
            Error = "#ff8a8a",
            Warning = "#ffc766",
            Success = "#7fdca9",
            Info = "#7fc4e0",
            LinesInputs = "#8596a3",
            Divider = "#34414b",
            TableLines = "#34414b",
        },
        Typography = new Typography
        {
            Default = new DefaultTypography { FontFamily = s_fonts, FontSize = "0.875rem" },
        },
        LayoutProperties = new LayoutProperties { AppbarHeight = "52px", DefaultBorderRadius = "6px" },
    };
}
