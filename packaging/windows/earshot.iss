; The installer for Windows, by Inno Setup 6: iscc /DVersion=0.1.0 packaging\windows\earshot.iss
;
; Installs for the current user unless told otherwise, so that it needs no administrator. Where a sign tool named
; "earshot" is configured (iscc /Searshot="signtool sign ... $f") and /DSigned is given, program and installer are signed.

#ifndef Version
  #error Name the version: iscc /DVersion=0.1.0
#endif
#ifndef Program
  #define Program "..\..\dist\cpu\earshot"
#endif

[Setup]
AppId={{6C1E5B4E-6E0B-4C55-9B0E-3C6F7B0E7A51}
AppName=Earshot
AppVersion={#Version}
AppPublisher=The Earshot developers
DefaultDirName={autopf}\Earshot
DefaultGroupName=Earshot
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
LicenseFile=..\..\LICENSE
SetupIconFile=..\..\build\packaging\cpu\earshot.ico
UninstallDisplayIcon={app}\earshot.exe
OutputDir=..\..\dist
OutputBaseFilename=Earshot-{#Version}-setup
Compression=lzma2
SolidCompression=yes
WizardStyle=modern
ChangesAssociations=yes
#ifdef Signed
SignTool=earshot
SignedUninstaller=yes
#endif

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked
Name: "openwith"; Description: "Offer Earshot under 'Open with' for audio files"

[Files]
Source: "{#Program}\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[InstallDelete]
; What an older version brought and this one no longer does.
Type: filesandordirs; Name: "{app}\_internal"

[Icons]
Name: "{autoprograms}\Earshot"; Filename: "{app}\earshot.exe"
Name: "{autodesktop}\Earshot"; Filename: "{app}\earshot.exe"; Tasks: desktopicon

[Registry]
Root: HKA; Subkey: "Software\Classes\Applications\earshot.exe\shell\open\command"; ValueType: string; ValueData: """{app}\earshot.exe"" ""%1"""; Flags: uninsdeletekey; Tasks: openwith
Root: HKA; Subkey: "Software\Classes\Applications\earshot.exe"; ValueType: string; ValueName: "FriendlyAppName"; ValueData: "Earshot"; Flags: uninsdeletekey; Tasks: openwith
Root: HKA; Subkey: "Software\Classes\Applications\earshot.exe\SupportedTypes"; ValueType: string; ValueName: ".wav"; ValueData: ""; Tasks: openwith
Root: HKA; Subkey: "Software\Classes\Applications\earshot.exe\SupportedTypes"; ValueType: string; ValueName: ".aif"; ValueData: ""; Tasks: openwith
Root: HKA; Subkey: "Software\Classes\Applications\earshot.exe\SupportedTypes"; ValueType: string; ValueName: ".aiff"; ValueData: ""; Tasks: openwith
Root: HKA; Subkey: "Software\Classes\Applications\earshot.exe\SupportedTypes"; ValueType: string; ValueName: ".flac"; ValueData: ""; Tasks: openwith
Root: HKA; Subkey: "Software\Classes\Applications\earshot.exe\SupportedTypes"; ValueType: string; ValueName: ".mp3"; ValueData: ""; Tasks: openwith
Root: HKA; Subkey: "Software\Classes\Applications\earshot.exe\SupportedTypes"; ValueType: string; ValueName: ".m4a"; ValueData: ""; Tasks: openwith
Root: HKA; Subkey: "Software\Classes\Applications\earshot.exe\SupportedTypes"; ValueType: string; ValueName: ".ogg"; ValueData: ""; Tasks: openwith
Root: HKA; Subkey: "Software\Classes\Applications\earshot.exe\SupportedTypes"; ValueType: string; ValueName: ".opus"; ValueData: ""; Tasks: openwith

[Run]
Filename: "{app}\earshot.exe"; Description: "{cm:LaunchProgram,Earshot}"; Flags: nowait postinstall skipifsilent
